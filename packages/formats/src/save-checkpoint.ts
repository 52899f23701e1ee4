/** Writes a checkpoint in another encoding (Node): a folder with config.json, model.safetensors and what belongs to the tokenizer. */
import type { WeightEncoding } from '@retnet/core'
import { type Checkpoint, chooseDtype, openCheckpoint } from './checkpoint.js'
import type { ModelFolder } from './folders/model-folder.js'
import { writeAtomically } from './node/write-atomically.js'
import { writeFolder } from './node/write-folder.js'
import { type SavedWeight, savedConfig } from './quantized/saved-config.js'
import { weightParts } from './quantized/weight-parts.js'
import { type LazyTensorInput, writeSafetensors } from './safetensors/write-safetensors.js'
import type { PlannedWeight } from './weights/plan-weights.js'
import { heldEncoding, readWeight } from './weights/read-weight.js'

export interface SaveOptions {
  /** How the matrices are saved. A quantised checkpoint can be saved in more bits, not in fewer. */
  readonly dtype: WeightEncoding
  readonly signal?: AbortSignal
  /** Bytes of weights read so far and altogether. */
  readonly onProgress?: (progress: { loaded: number; total: number }) => void
}

export interface SavedCheckpoint {
  readonly path: string
  /** Names of the files in it. */
  readonly files: readonly string[]
  /** Bytes of model.safetensors. */
  readonly bytes: number
}

/**
 * Writes the model of `folder` as the folder `path`, which must be new or empty and appears only when complete. Loaded again it is bit for
 * bit the model that `loadCheckpoint(folder, { dtype })` gives. Tensors keep their names; the README describes the quantised ones. Throws
 * OptionError for a path that is taken, or for fewer bits than a quantised checkpoint has. The packed tensors of a quantised model are in
 * memory until the file is written.
 */
export async function saveCheckpoint(
  folder: ModelFolder,
  path: string,
  options: SaveOptions,
): Promise<SavedCheckpoint> {
  const { signal } = options
  using checkpoint = await openCheckpoint(folder, signal ? { signal } : {})
  const dtype = chooseDtype(checkpoint, options.dtype)
  const saved = planSaved(checkpoint, dtype)
  const companions = (await folder.list(signal ? { signal } : {})).filter((file) => isCompanion(file))
  let bytes = 0
  await writeFolder(path, async (temporary) => {
    const paths = await import('node:path')
    const file = paths.join(temporary, 'model.safetensors')
    await writeSafetensors(file, tensorsOf(checkpoint, saved, options), { format: 'pt' }, signal ? { signal } : {})
    const { stat } = await import('node:fs/promises')
    bytes = (await stat(file)).size
    await writeText(paths.join(temporary, 'config.json'), savedConfig(checkpoint.config, dtype, saved))
    for (const name of companions) await copyFile(folder, name, paths.join(temporary, name), signal)
  })
  return { path, files: ['config.json', 'model.safetensors', ...companions].toSorted(), bytes }
}

/** Each tensor of the file once, whole, also one whose rows are several weights of the model. */
function planSaved({ plan, quantization }: Checkpoint, dtype: WeightEncoding): SavedWeight[] {
  const tensors = new Map<string, PlannedWeight>()
  for (const planned of plan) {
    const { name, info, location, shape } = planned
    const whole = [info.shape[0], ...shape.slice(1)]
    if (tensors.has(info.name)) continue
    tensors.set(info.name, { name, info, shape: whole, location: { tensor: location.tensor } })
  }
  return [...tensors.values()].map((planned) => ({ planned, encoding: heldEncoding(planned, dtype, quantization) }))
}

function tensorsOf(
  { tensors }: Checkpoint,
  saved: readonly SavedWeight[],
  { signal, onProgress }: SaveOptions,
): LazyTensorInput[] {
  const total = saved.reduce((sum, { planned }) => sum + planned.info.bytes, 0)
  let loaded = 0
  return saved.flatMap(({ planned, encoding }) =>
    weightParts(planned.info.name, planned.shape, encoding, async () => {
      const { weight } = await readWeight(tensors, planned, encoding, signal ? { signal } : {})
      loaded += planned.info.bytes
      onProgress?.({ loaded, total })
      return weight
    }),
  )
}

/** Files that say how the model is used, beside its configuration and weights. */
function isCompanion(file: string): boolean {
  if (/^(generation_config|special_tokens_map|added_tokens|vocab)\.json$/.test(file)) return true
  return /^(tokenizer.*|chat_template\..*|merges\.txt|licen[cs]e.*)$/i.test(file)
}

async function copyFile(folder: ModelFolder, file: string, path: string, signal?: AbortSignal): Promise<void> {
  const options = signal ? { signal } : {}
  using source = await folder.open(file, options)
  const bytes = await source.read(0, source.size, options)
  await writeAtomically(path, (write) => write(bytes))
}

async function writeText(path: string, value: object): Promise<void> {
  await writeAtomically(path, (write) => write(new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)))
}
