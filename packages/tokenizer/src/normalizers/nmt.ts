/** The `Nmt` normalizer: controls go, and what counts as a space becomes one. The lists are those of the reference. */
import { replaceIn } from '../origin/origin.js'
import type { Normalizer } from './normalizer.js'

const controls = new RegExp(String.raw`[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]`, 'g')
const spaces = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g

export const nmt: Normalizer[] = [
  (text, edits) => replaceIn(text, controls, () => '', edits),
  (text, edits) => replaceIn(text, spaces, () => ' ', edits),
]
