/** Which files of a repository a model needs. Weights in other formats are left alone. */
import { ModelNotFoundError, type UnsupportedFileError } from '../errors.js'
import { checkFileName } from '../folders/model-folder.js'
import { pickleError } from '../safetensors/header.js'
import { defaultIndexName, parseShardIndex } from '../safetensors/open-sharded-safetensors.js'
import type { HubFile } from './hub-api.js'

const textFile = /^(config|generation_config|tokenizer[\w.-]*)\.json$/
const pickleFile = /\.(bin|pt|pth|ckpt|pkl)$/

/**
 * Configuration and tokenizer, and of the weights `model.safetensors`, else the shards of the index, else every
 * safetensors file. `readIndex` is called only when the index decides.
 */
export async function chooseFiles(
  repository: { readonly id: string; readonly revision: string },
  listed: readonly HubFile[],
  readIndex: (index: HubFile) => Promise<string>,
): Promise<readonly HubFile[]> {
  const chosen = await choose(repository, listed, readIndex)
  // The names come from a server and become paths in the cache.
  for (const { name } of chosen) checkFileName(name)
  return chosen
}

async function choose(
  repository: { readonly id: string; readonly revision: string },
  listed: readonly HubFile[],
  readIndex: (index: HubFile) => Promise<string>,
): Promise<readonly HubFile[]> {
  const texts = listed.filter(({ name }) => textFile.test(name))
  const weights = listed.filter(({ name }) => name.endsWith('.safetensors'))
  const single = weights.find(({ name }) => name === 'model.safetensors')
  if (single) return [...texts, single]
  const index = listed.find(({ name }) => name === defaultIndexName)
  if (index) return [...texts, index, ...shardsOf(repository, await readIndex(index), weights)]
  if (weights.length > 0) return [...texts, ...weights]
  throw noWeights(repository, listed)
}

function shardsOf(
  repository: { readonly id: string; readonly revision: string },
  text: string,
  weights: readonly HubFile[],
): HubFile[] {
  const names = [...new Set(parseShardIndex(text, `${repository.id}/${defaultIndexName}`).values())]
  return names.map((name) => {
    const file = weights.find((candidate) => candidate.name === name)
    if (file) return file
    throw new ModelNotFoundError(repository.id, repository.revision, `its index names ${name}, which it lacks.`)
  })
}

function noWeights(
  repository: { readonly id: string; readonly revision: string },
  listed: readonly HubFile[],
): ModelNotFoundError | UnsupportedFileError {
  const pickle = listed.find(({ name }) => pickleFile.test(name))
  if (pickle) return pickleError(`${repository.id}/${pickle.name}`)
  const fix = 'Give a repository that holds *.safetensors at its top.'
  return new ModelNotFoundError(repository.id, repository.revision, 'there are no safetensors files in it.', fix)
}
