/** Builds the normalizer that a `tokenizer.json` names. */
import type { Catalog } from '../catalog.js'
import { refuseUnknownKeys } from '../reading/fields.js'
import { readSteps, readWith, type Step } from '../reading/steps.js'
import type { Normalizer } from './normalizer.js'

/** The steps in order; offsets need each of them alone. */
export function readNormalizer(value: unknown, readers: Catalog['normalizers']): readonly Normalizer[] {
  return readSteps(value, 'normalizer', 'normalizers').flatMap((step) => readWith(readers, step))
}

/** A reader for a step that has no settings. */
export function plain(normalizer: Normalizer): (step: Step) => Normalizer {
  return ({ fields, path }) => {
    refuseUnknownKeys(fields, path, ['type'])
    return normalizer
  }
}
