/** A folder of `retnet convert --to onnx` as a model: its weights are those in onnx/model.onnx. */
import {
  Model,
  type RetNetSpec,
  type WeightData,
  type WeightEncoding,
  checkSpec,
  decodeWeight,
  fingerprintOf,
  sizeOf,
} from '@retnet/core'
import {
  type FolderTexts,
  type LoadOptions,
  type LoadedModel,
  type ModelFolder,
  SourceError,
  chooseDtype,
  chooseEncoding,
  encodeValues,
  readFolderTexts,
  requireHeld,
} from '@retnet/formats'
import type { OnnxFile } from '@retnet/onnx/emit'
import { CommandError } from '../errors.js'

export interface OpenExport extends Omit<FolderTexts, 'config' | 'reader'> {
  readonly spec: RetNetSpec
  /** Of the checkpoint that it was made from, so that snapshots fit both. */
  readonly fingerprint: string
  readonly file: OnnxFile
}

export type ExportedModel = Pick<LoadedModel, 'model' | 'dtype' | 'tokenizerJson' | 'generation'> & Disposable

const modelFile = 'onnx/model.onnx'

/** True for a folder that has an ONNX model and no other weights. */
export async function isExport(folder: ModelFolder): Promise<boolean> {
  const files = await folder.list()
  if (files.some((file) => file.startsWith('model.safetensors'))) return false
  try {
    ;(await folder.open(modelFile)).dispose()
    return true
  } catch (error) {
    if (error instanceof SourceError) return false
    throw error
  }
}

/** Reads everything but the numbers. Throws OnnxFileError, CommandError, or the errors of @retnet/formats. */
export async function openExport(folder: ModelFolder, signal?: AbortSignal): Promise<OpenExport> {
  const { metadataKeys, readOnnx } = await import('@retnet/onnx/emit')
  const read = async (name: string, offset?: number, length?: number) => {
    using source = await folder.open(name, { signal })
    // awaited here: the file must stay open until it is read
    return await source.read(offset ?? 0, length ?? source.size, { signal })
  }
  const { generation, tokenizerJson } = await readFolderTexts(folder, { signal })
  const external = (location: string, offset: number, length: number) => read(`onnx/${location}`, offset, length)
  const file = readOnnx(`${folder.name}/${modelFile}`, await read(modelFile), external)
  const spec = readSpec(folder, file.metadata[metadataKeys.spec])
  const fingerprint = file.metadata[metadataKeys.fingerprint] ?? fingerprintOf(file.metadata)
  return { spec, fingerprint, file, generation, tokenizerJson }
}

/** By the rule for quantised checkpoints: as they were exported, or in more bits. Other weights are held as `dtype` says, f32 by default. */
export async function loadExport(folder: ModelFolder, options: LoadOptions): Promise<ExportedModel> {
  const { signal, backend, onProgress } = options
  const { spec, fingerprint, file, generation, tokenizerJson } = await openExport(folder, signal)
  const quantization = quantizationOf(file)
  const dtype = chooseDtype({ name: folder.name, quantization }, options.dtype)
  requireHeld(backend, dtype)
  const total = [...file.weights.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  async function* weights(): AsyncGenerator<readonly [string, WeightData]> {
    let loaded = 0
    for (const [name, { shape, encoding }] of file.weights) {
      const wanted = dtype === quantization ? encoding : chooseEncoding(name, shape, dtype)
      yield [name, asEncoding(await file.readWeight(name), wanted)]
      loaded += sizeOf(shape)
      onProgress?.({ loaded, total })
    }
  }
  const common = { spec, backend, weights: weights(), fingerprint: () => fingerprint }
  const model = await Model.create({ ...common, ...(signal && { signal }) })
  return { model, dtype, tokenizerJson, generation, [Symbol.dispose]: () => model.dispose() }
}

function quantizationOf({ weights }: OnnxFile): 'q8' | 'q4' | null {
  const encodings = new Set([...weights.values()].map(({ encoding }) => encoding))
  if (encodings.has('q4')) return 'q4'
  return encodings.has('q8') ? 'q8' : null
}

function readSpec(folder: ModelFolder, text: string | undefined): RetNetSpec {
  const broken = new CommandError(
    `${folder.name}/${modelFile}: its metadata does not describe a model.`,
    'Export it again with `retnet convert`.',
  )
  if (text === undefined) throw broken
  try {
    const spec = JSON.parse(text) as RetNetSpec
    checkSpec(spec)
    return spec
  } catch (cause) {
    broken.cause = cause
    throw broken
  }
}

function asEncoding(weight: WeightData, encoding: WeightEncoding): WeightData {
  if (weight.encoding === encoding) return weight
  return encodeValues(Float32Array.from(decodeWeight(weight)), weight.type.shape, encoding)
}
