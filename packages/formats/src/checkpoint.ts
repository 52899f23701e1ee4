/** A model folder understood: its family, its specification, where its weights lie. Nothing is loaded yet. */
import type { RetNetSpec, WeightEncoding } from '@retnet/core'
import { JsonError, OptionError, SourceError, UnsupportedFileError } from './errors.js'
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
import { type PlannedWeight, planWeights } from './weights/plan-weights.js'
import { type Quantization, readQuantization } from './quantized/quantization-config.js'
import { storedTensors } from './quantized/stored-tensors.js'

export interface Checkpoint extends Disposable {
  readonly name: string
  readonly family: Family
  readonly spec: RetNetSpec
  /** The fields of config.json. */
  readonly config: Readonly<Record<string, unknown>>
  readonly tensors: TensorFile
  /** The bits that most matrices are saved in; null for a checkpoint that is not quantised. */
  readonly quantization: Quantization | null
  /** Where each weight of the model lies. */
  readonly plan: readonly PlannedWeight[]
  /** Numbers in all weights that the model uses; a tied head counts once. */
  readonly parameters: number
  /** Type of most of the stored numbers: q8, q4 or a type of safetensors. */
  readonly storedDtype: string
  readonly generation: GenerationDefaults
  /** Text of tokenizer.json, or null where the folder has none. */
  readonly tokenizerJson: string | null
  dispose(): void
}

/** What a model folder says besides its weights. */
export interface FolderTexts {
  /** The fields of config.json. */
  readonly config: Readonly<Record<string, unknown>>
  readonly reader: ConfigReader
  readonly generation: GenerationDefaults
  readonly tokenizerJson: string | null
}

/** Reads config.json, generation_config.json and tokenizer.json. Throws JsonError or SourceError. */
export async function readFolderTexts(folder: ModelFolder, options: ReadOptions = {}): Promise<FolderTexts> {
  const files = await folder.list(options)
  const config = await readConfig(folder, files, options)
  const reader = new ConfigReader(config, `${folder.name}/config.json`)
  return {
    config,
    reader,
    generation: readGenerationDefaults(await optionalJson(folder, files, 'generation_config.json', options), reader),
    tokenizerJson: files.includes('tokenizer.json')
      ? await folder.readText('tokenizer.json', undefined, options)
      : null,
  }
}

/** Throws ConfigError, JsonError, SafetensorsError or SourceError, which name the file and what is wrong with it. */
export async function openCheckpoint(folder: ModelFolder, options: ReadOptions = {}): Promise<Checkpoint> {
  const files = await folder.list(options)
  const { config, reader, generation, tokenizerJson } = await readFolderTexts(folder, options)
  const tensors = await openTensors(folder, files, options)
  try {
    const quantization = readQuantization(reader)
    const stored = storedTensors(tensors, quantization)
    const family = detectFamily(reader, stored)
    const spec = family.spec(reader, stored)
    const plan = planWeights({ family, spec, file: tensors.name, stored })
    if (quantization && !plan.some(({ info }) => info.packed?.encoding === quantization)) {
      throw reader.error('quantization_config', `no tensor in ${tensors.name} is ${quantization}.`, 'Remove the field.')
    }
    return {
      name: folder.name,
      family,
      spec,
      config,
      tensors,
      quantization,
      plan,
      parameters: plan.reduce((total, { shape }) => total + shape.reduce((size, extent) => size * extent, 1), 0),
      storedDtype: quantization ?? plan[0].info.dtype,
      generation,
      tokenizerJson,
      dispose: () => tensors.dispose(),
      [Symbol.dispose]: () => tensors.dispose(),
    }
  } catch (error) {
    tensors.dispose()
    throw error
  }
}

/** The encodings that weights can be loaded in. */
export const weightDtypes: readonly WeightEncoding[] = ['f32', 'f16', 'q8', 'q4']

/** The encoding that is meant: that of the checkpoint unless another is asked for. Throws OptionError for one that is unknown or loses. */
export function chooseDtype(
  { quantization, name }: Pick<Checkpoint, 'quantization' | 'name'>,
  asked: WeightEncoding | undefined,
): WeightEncoding {
  const dtype = asked ?? quantization ?? 'f32'
  if (!weightDtypes.includes(dtype)) {
    throw new OptionError('dtype', `expected ${weightDtypes.join(', ')}, got ${dtype}.`)
  }
  if (quantization !== 'q8' || dtype !== 'q4') return dtype
  const fix = 'Take q8, or quantise the checkpoint that it was made from.'
  throw new OptionError('dtype', `expected q8 or wider, as ${name} is saved in q8, got q4.`, fix)
}

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
