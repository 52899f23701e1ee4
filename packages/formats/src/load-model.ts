/** From a model's name to a model that runs. */
import { type Backend, Fingerprint, Model, type WeightEncoding } from '@retnet/core'
import { type Checkpoint, chooseDtype, openCheckpoint } from './checkpoint.js'
import { OptionError } from './errors.js'
import type { ModelFolder } from './folders/model-folder.js'
import { nodeFolder } from './folders/node-folder.js'
import { urlFolder } from './folders/url-folder.js'
import type { HubOptions } from './hub/hub-options.js'
import { openHubModel } from './hub/open-hub-model.js'
import { streamWeights } from './weights/weight-stream.js'

export interface LoadOptions {
  readonly backend: Backend
  /**
   * How the backend holds the matrices; default: as a quantised checkpoint was saved, else `f32`. Norms and biases always stay f32; with
   * `q4` the embedding and the output projection are q8.
   */
  readonly dtype?: WeightEncoding
  readonly signal?: AbortSignal
  /** Bytes of weights read so far and altogether. */
  readonly onProgress?: (progress: { loaded: number; total: number }) => void
}

export interface LoadedModel extends Disposable {
  readonly model: Model
  /** How its matrices are held. */
  readonly dtype: WeightEncoding
  /** What the folder said of itself; its files are closed. */
  readonly checkpoint: Checkpoint
  /** Text of tokenizer.json for a tokenizer package, or null. */
  readonly tokenizerJson: string | null
  readonly generation: Checkpoint['generation']
  dispose(): void
}

export interface LoadModelOptions extends LoadOptions {
  /** Revision, access token, cache, download progress and the like, for a model of the hub. */
  readonly hub?: Omit<HubOptions, 'signal'>
}

/**
 * Loads a model by the path of its folder (Node), its address (`https://...`) or its name on the hub (`owner/name`).
 * A path must begin with `/`, `./`, `../` or a drive, or exist.
 */
export async function loadModel(source: string, { hub, ...options }: LoadModelOptions): Promise<LoadedModel> {
  return loadCheckpoint(await findFolder(source, hub ?? {}, options.signal), options)
}

async function findFolder(source: string, hub: Omit<HubOptions, 'signal'>, signal?: AbortSignal): Promise<ModelFolder> {
  const isUrl = /^[a-z]+:\/\//i.test(source)
  if (isUrl && !/^(hf:\/\/|https:\/\/huggingface\.co\/)/i.test(source)) return urlFolder(source)
  if (/^([./]|[a-z]:[\\/])/i.test(source) || (await isFolder(source))) return nodeFolder(source)
  return (await openHubModel(source, { ...hub, signal })).folder
}

async function isFolder(path: string): Promise<boolean> {
  // browsers have no folders to look into
  if (!('process' in globalThis)) return false
  const { stat } = await import('node:fs/promises')
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** Reads a checkpoint and uploads its weights to the backend. */
export async function loadCheckpoint(folder: ModelFolder, options: LoadOptions): Promise<LoadedModel> {
  const { backend, signal, onProgress } = options
  const checkpoint = await openCheckpoint(folder, signal ? { signal } : {})
  try {
    const dtype = chooseDtype(checkpoint, options.dtype)
    requireHeld(backend, dtype)
    const fingerprint = new Fingerprint()
    const { spec, plan, tensors, quantization } = checkpoint
    const weights = streamWeights({ plan, tensors, quantization, dtype, signal, onProgress }, fingerprint)
    const model = await Model.create({
      spec,
      backend,
      weights,
      fingerprint: () => fingerprint.digest(),
      ...(signal && { signal }),
    })
    const dispose = () => model.dispose()
    const { tokenizerJson, generation } = checkpoint
    return { model, dtype, checkpoint, tokenizerJson, generation, dispose, [Symbol.dispose]: dispose }
  } finally {
    // the weights are on the backend: no file stays open
    checkpoint.dispose()
  }
}

/** Throws OptionError for a dtype that the backend does not hold weights in. */
export function requireHeld({ name, limits }: Backend, dtype: WeightEncoding): void {
  // a model in q4 has parts in q8
  const missing = (dtype === 'q4' ? (['q4', 'q8'] as const) : [dtype]).find((held) => !limits.encodings.includes(held))
  if (!missing) return
  const fix = `Load with dtype: ${limits.encodings.join(' or ')}.`
  throw new OptionError('dtype', `the backend ${name} does not hold weights as ${missing}, which ${dtype} needs.`, fix)
}
