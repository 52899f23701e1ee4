/** A model split over several safetensors files, with an index that says which tensor is where. */
import { JsonError, quote, SafetensorsError, SourceError, type SafetensorsProblem } from '../errors.js'
import { checkFileName, type ModelFolder } from '../folders/model-folder.js'
import type { ReadOptions } from '../sources/byte-source.js'
import { maxTensors } from './header.js'
import { openSafetensors, type SafetensorsFile } from './open-safetensors.js'
import { isObject, parseStrictJson } from './strict-json.js'
import { findTensor, type TensorFile, type TensorInfo } from './tensor-file.js'

export const defaultIndexName = 'model.safetensors.index.json'
const maxIndexBytes = 64 * 1024 * 1024
const maxShards = 10_000

export interface ShardedSafetensors extends TensorFile {
  readonly shards: readonly string[]
  /** Tensors that lie in a shard but are not in the index. They cannot be read. */
  readonly unlisted: readonly string[]
}

/** Opens the header of every shard and checks that shards and index agree. */
export async function openShardedSafetensors(
  folder: ModelFolder,
  index: string = defaultIndexName,
  options: ReadOptions = {},
): Promise<ShardedSafetensors> {
  const file = `${folder.name}/${index}`
  const weightMap = parseShardIndex(await folder.readText(index, maxIndexBytes, options), file)
  const shards = new Map<string, SafetensorsFile>()
  try {
    for (const shard of new Set(weightMap.values())) shards.set(shard, await openShard(folder, file, shard, options))
    return sharded(file, weightMap, shards)
  } catch (error) {
    for (const shard of shards.values()) shard.dispose()
    throw error
  }
}

/** The map from tensor to shard of an index file. Shards are names inside the folder of the index. */
export function parseShardIndex(text: string, file: string): ReadonlyMap<string, string> {
  const value = parseStrictJson(
    text,
    { file, maxDepth: 8, maxKeys: maxTensors },
    { onDuplicate: (key) => fail(file, 'duplicate-name', 'appears twice in the index.', key) },
  )
  if (!isObject(value) || !isObject(value.weight_map)) {
    throw new JsonError(file, 'expected an object with a weight_map.', 'Download or copy it again.')
  }
  const entries = Object.entries(value.weight_map)
  if (entries.length === 0) throw new JsonError(file, 'the weight_map is empty.', 'Download or copy it again.')
  for (const [tensor, shard] of entries) {
    if (typeof shard !== 'string') throw fail(file, 'metadata', 'expected the name of a shard.', tensor)
    checkFileName(shard)
    if (!shard.endsWith('.safetensors')) {
      throw fail(file, 'missing-shard', `expected a shard named *.safetensors, got ${quote(shard)}.`, tensor)
    }
  }
  const map = new Map(entries as Array<[string, string]>)
  const count = new Set(map.values()).size
  if (count > maxShards) throw fail(file, 'missing-shard', `expected at most ${maxShards} shards, got ${count}.`)
  return map
}

async function openShard(
  folder: ModelFolder,
  file: string,
  shard: string,
  options: ReadOptions,
): Promise<SafetensorsFile> {
  try {
    return await openSafetensors(await folder.open(shard, options), options)
  } catch (error) {
    if (!(error instanceof SourceError && error.problem === 'not-found')) throw error
    throw fail(
      file,
      'missing-shard',
      `the shard ${quote(shard)} is missing.`,
      undefined,
      'Download it into the same folder.',
    )
  }
}

function sharded(
  file: string,
  weightMap: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, SafetensorsFile>,
): ShardedSafetensors {
  const tensors = new Map<string, TensorInfo>()
  for (const [name, shard] of weightMap) {
    const info = shards.get(shard)?.tensors.get(name)
    if (!info) throw fail(file, 'missing-tensor', `the index places it in ${quote(shard)}, which lacks it.`, name)
    tensors.set(name, info)
  }
  const unlisted = findUnlisted(file, weightMap, shards)
  const shardOf = (name: string) => {
    findTensor(file, tensors, name)
    return shards.get(weightMap.get(name)!)!
  }
  const dispose = () => {
    for (const shard of shards.values()) shard.dispose()
  }
  return {
    name: file,
    shards: [...shards.keys()],
    unlisted,
    metadata: shards.values().next().value!.metadata,
    tensors,
    read: async (name, options) => shardOf(name).read(name, options),
    readFloat32: async (name, options) => shardOf(name).readFloat32(name, options),
    readInt32: async (name, options) => shardOf(name).readInt32(name, options),
    dispose,
    [Symbol.dispose]: dispose,
  }
}

function findUnlisted(
  file: string,
  weightMap: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, SafetensorsFile>,
): string[] {
  const unlisted: string[] = []
  for (const [shardName, shard] of shards) {
    for (const name of shard.tensors.keys()) {
      const listed = weightMap.get(name)
      if (listed === undefined) unlisted.push(name)
      else if (listed !== shardName) {
        throw fail(file, 'duplicate-name', `lies in two shards, ${quote(listed)} and ${quote(shardName)}.`, name)
      }
    }
  }
  return unlisted.toSorted()
}

function fail(
  file: string,
  problem: SafetensorsProblem,
  message: string,
  tensor?: string,
  fix = 'Index and shards do not belong together: download or write them again.',
): SafetensorsError {
  return new SafetensorsError({ file, problem, message, tensor, fix })
}
