/** The four forms of Unicode, for those who want no offsets. */
import { plain } from '../reading/steps.js'
import type { Normalizer } from './normalizer.js'

export type Form = 'NFC' | 'NFD' | 'NFKC' | 'NFKD'

/** Readers of all forms, each made by `form`. */
export const formReaders = <T>(form: (name: Form) => T) => ({
  NFC: plain(form('NFC')),
  NFD: plain(form('NFD')),
  NFKC: plain(form('NFKC')),
  NFKD: plain(form('NFKD')),
})

export const plainForm =
  (form: Form): Normalizer =>
  (text) =>
    text.normalize(form)
