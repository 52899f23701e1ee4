/** A model folder understood: its family, its specification, where its weights lie. Nothing is loaded yet. */
import type { RetNetSpec, WeightEncoding } from '@retnet/core'
import { JsonError, SourceError, UnsupportedFileError } from './errors.js'
import { ConfigReader } from './families/config-reader.js'
import { detectFamily } from './families/detect.js'
import type { Family } from './families/family.js'
import { type GenerationDefaults, readGenerationDefaults } from './generation-defaults.js'
import { type ModelFolder, readJson } from './folders/model-folder.js'
import { openSafetensors } from './safetensors/open-safetensors.js'
import { defaultIndexName, openShardedSafetensors } from './safetensors/open-sharded-safetensors.js'
import { isObject } from './safetensors/strict-json.js'
import type { TensorFile } from './safetensors/tensor-file.js'
import type { ReadOptions } from './sources/byte-source.js'
import { planWeights } from './weights/weight-stream.js'

export interface Checkpoint extends Disposable {
  readonly name: string
  readonly family: Family
  readonly spec: RetNetSpec
  readonly tensors: TensorFile
  /** Numbers in all weights that the model uses; a tied head counts once. */
  readonly parameters: number
  /** Type of most of the stored numbers. */
  readonly storedDtype: string
  readonly generation: GenerationDefaults
  /** Text of tokenizer.json, or null where the folder has none. */
  readonly tokenizerJson: string | null
  dispose(): void
}

/** Throws ConfigError, JsonError, SafetensorsError or SourceError, which name the file and what is wrong with it. */
export async function openCheckpoint(folder: ModelFolder, options: ReadOptions = {}): Promise<Checkpoint> {
  const files = await folder.list(options)
  const config = await readConfig(folder, files, options)
  const tensors = await openTensors(folder, files, options)
  try {
    const reader = new ConfigReader(config, `${folder.name}/config.json`)
    const family = detectFamily(reader, tensors.tensors)
    const spec = family.spec(reader, tensors.tensors)
    const plan = planWeights({ family, spec, tensors })
    const tokenizer = files.includes('tokenizer.json')
    return {
      name: folder.name,
      family,
      spec,
      tensors,
      parameters: plan.reduce((total, { shape }) => total + shape.reduce((size, extent) => size * extent, 1), 0),
      storedDtype: plan[0].info.dtype,
      generation: readGenerationDefaults(await optionalJson(folder, files, 'generation_config.json', options), reader),
      tokenizerJson: tokenizer ? await folder.readText('tokenizer.json', undefined, options) : null,
      dispose: () => tensors.dispose(),
      [Symbol.dispose]: () => tensors.dispose(),
    }
  } catch (error) {
    tensors.dispose()
    throw error
  }
}

/** The encodings that weights can be loaded in. */
export const weightDtypes: readonly WeightEncoding[] = ['f32', 'f16', 'q8']

async function readConfig(folder: ModelFolder, files: readonly string[], options: ReadOptions) {
  if (!files.includes('config.json')) {
    const fix =
      'Give the folder that holds config.json and the weights. For torchscale weights write one (see the README).'
    throw new SourceError(folder.name, 'not-found', 'there is no config.json in it.', fix)
  }
  const config = await readJson(folder, 'config.json', options)
  if (!isObject(config)) throw new JsonError(`${folder.name}/config.json`, 'expected an object.')
  return config
}

async function openTensors(folder: ModelFolder, files: readonly string[], options: ReadOptions): Promise<TensorFile> {
  if (files.includes('model.safetensors'))
    return openSafetensors(await folder.open('model.safetensors', options), options)
  if (files.includes(defaultIndexName)) return openShardedSafetensors(folder, defaultIndexName, options)
  const pickle = files.find((file) => /\.(bin|pt|pth|ckpt)$/.test(file))
  if (pickle) {
    const fix =
      'Convert it with the Python package safetensors (save_file) and put model.safetensors beside config.json.'
    throw new UnsupportedFileError(
      `${folder.name}/${pickle}`,
      'pickled weights can run code when loaded and are refused',
      fix,
    )
  }
  throw new SourceError(folder.name, 'not-found', 'there is no model.safetensors in it, nor an index of shards.')
}

async function optionalJson(folder: ModelFolder, files: readonly string[], file: string, options: ReadOptions) {
  if (!files.includes(file)) return {}
  const value = await readJson(folder, file, options)
  if (isObject(value)) return value
  throw new JsonError(`${folder.name}/${file}`, 'expected an object.')
}
