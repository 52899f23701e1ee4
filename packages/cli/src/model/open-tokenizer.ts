/** The tokenizer that a command names: a tokenizer.json, or that of a model. */
import { nodeFolder } from '@retnet/formats'
import { Tokenizer } from '@retnet/tokenizer'
import type { Command } from 'commander'
import { statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { CommandError } from '../errors.js'
import type { Io } from '../io.js'
import { defaultModel } from './bundled.js'
import { findModel } from './find-model.js'

export interface TokenizerOptions {
  readonly tokenizer: string
  readonly offline?: boolean
}

export function addTokenizerName(command: Command): Command {
  return command
    .option(
      '-t, --tokenizer <name>',
      'a tokenizer.json, a folder with one, a Hugging Face id, or a bundled model',
      defaultModel,
    )
    .option('--offline', 'use what an earlier download has left, and no network')
}

/** The text of the tokenizer.json. */
export async function readTokenizer(io: Io, { tokenizer: name, offline }: TokenizerOptions): Promise<string> {
  if (statSync(name, { throwIfNoEntry: false })?.isFile())
    return (await nodeFolder(dirname(name))).readText(basename(name))
  if (name.endsWith('.json')) throw new CommandError(`${name}: there is no such file.`, 'Check the path.')
  const folder = await findModel(io, { model: name, offline })
  if ((await folder.list({ signal: io.signal })).includes('tokenizer.json')) {
    return folder.readText('tokenizer.json', undefined, { signal: io.signal })
  }
  throw new CommandError(`${name}: there is no tokenizer.json.`, 'Name the file itself if it has another name.')
}

export async function openTokenizer(io: Io, options: TokenizerOptions): Promise<Tokenizer> {
  return Tokenizer.load(await readTokenizer(io, options))
}
