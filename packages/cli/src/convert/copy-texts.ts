/** The small files of a model that its new folder needs too. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ModelFolder, readJson } from '@retnet/formats'

const texts = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
]

/** `config`: fields to add to config.json, or to replace there. */
export async function copyTexts(
  source: ModelFolder,
  target: string,
  config: Readonly<Record<string, unknown>>,
): Promise<string[]> {
  const present = await source.list()
  const files = texts.filter((file) => present.includes(file))
  for (const file of files) await writeFile(join(target, file), await source.readText(file))
  const fields = { ...((await readJson(source, 'config.json')) as object), ...config }
  await writeFile(join(target, 'config.json'), `${JSON.stringify(fields, null, 2)}\n`)
  return ['config.json', ...files]
}
