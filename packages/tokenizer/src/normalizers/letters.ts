/** The normalizers that change letters: lower case, and the accents that go. */
import { replaceIn } from '../origin/origin.js'
import type { Normalizer } from './normalizer.js'

// Character by character, as in the reference: no final sigma.
const upper = /\P{ASCII}|[A-Z]/gu
const beyondAscii = /[^\0-\x7f]/

export const lowercase: Normalizer = (text, edits) => {
  // For ASCII alone the engine's own way is the same, and faster.
  if (!edits && !beyondAscii.test(text)) return text.toLowerCase()
  return replaceIn(text, upper, (character) => character.toLowerCase(), edits)
}

// The reference's table is that of Unicode 8: marks that came later to the basic plane stay.
const later = String.raw`\u{07fd}\u{0897}-\u{089f}\u{08ca}-\u{08e1}\u{09fe}\u{0afa}-\u{0aff}\u{0b55}\u{0c04}\u{0c3c}\u{0d00}\u{0d3b}-\u{0d3c}\u{0d81}\u{0eba}\u{0ece}\u{180f}\u{1885}-\u{1886}\u{1abf}-\u{1aeb}\u{1df6}-\u{1dfb}\u{a82c}\u{a8c5}\u{a8ff}\u{a9bd}`
const nonspacing = new RegExp(String.raw`(?![${later}])\p{Mn}`, 'gu')

export const stripNonspacing: Normalizer = (text, edits) => replaceIn(text, nonspacing, () => '', edits)
/** `StripAccents` takes every mark. */
export const stripAccents: Normalizer = (text, edits) => replaceIn(text, /\p{M}/gu, () => '', edits)
