/** What is compared: the bundled model on each backend and in each encoding of its weights. */
import { reference, type Backend, type WeightEncoding } from '@retnet/core'
import { cpu } from '@retnet/cpu'
import { loadModel, type LoadedModel } from '@retnet/formats'

export interface Candidate {
  readonly name: string
  readonly loaded: LoadedModel
  /** How its weights are held. */
  readonly dtype: WeightEncoding
  readonly backend: Backend
  /** Tokens of one repetition: few where each takes long. */
  readonly tokens: number
}

export const baseline = 'float64 interpreter'

export async function loadCandidates(folder: string): Promise<Candidate[]> {
  const table: [string, WeightEncoding, number, () => Promise<Backend>][] = [
    [baseline, 'f32', 4, async () => reference()],
    ['cpu f32, 1 thread', 'f32', 48, () => cpu({ threads: 1 })],
    ['cpu f32', 'f32', 48, () => cpu()],
    ['cpu f16', 'f16', 48, () => cpu()],
    ['cpu q8', 'q8', 48, () => cpu()],
    ['cpu q4', 'q4', 48, () => cpu()],
  ]
  const candidates: Candidate[] = []
  for (const [name, dtype, tokens, make] of table) {
    const backend = await make()
    candidates.push({ name, dtype, tokens, backend, loaded: await loadModel(folder, { backend, dtype }) })
  }
  return candidates
}
