/** Builds the normalizer that a `tokenizer.json` names. */
import type { Catalog } from '../catalog.js'
import { readSteps, readWith } from '../reading/steps.js'
import type { Normalizer } from './normalizer.js'

/** The steps in order; offsets need each of them alone. */
export function readNormalizer(value: unknown, readers: Catalog['normalizers']): readonly Normalizer[] {
  return readSteps(value, 'normalizer', 'normalizers').flatMap((step) => readWith(readers, step))
}

export function normalizeAll(normalizers: readonly Normalizer[], text: string): string {
  return normalizers.reduce((result, normalize) => normalize(result), text)
}
