/**
 * The GPT-2 pattern as a scanner: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`. Linear, and without
 * the stack a regular expression takes on long runs.
 */
import { classAt, endOfRun, SPACE } from './character-class.js'
import type { PreTokenizer } from './pre-tokenizer.js'

const BLANK = 0x20
const APOSTROPHE = 0x27

/** Code units of a contraction that begins with an apostrophe and the next two, 0 if there is none. */
export function unitsOfContraction(two: string): number {
  return /^[sdmt]/.test(two) ? 2 : two === 'll' || two === 've' || two === 're' ? 3 : 0
}

/** End of the whitespace piece at `at`: the run, less its last character where something follows (which may take it along). */
export function endOfSpace(text: string, at: number, end: number): number {
  const run = endOfRun(text, at, end, SPACE)
  return run < end && run - at > 1 ? run - 1 : run
}

function endOfPiece(text: string, at: number, end: number): number {
  const unit = text.charCodeAt(at)
  if (unit === APOSTROPHE) {
    const units = unitsOfContraction(text.slice(at + 1, Math.min(at + 3, end)))
    if (units > 0) return at + units
  }
  const body = unit === BLANK && at + 1 < end ? at + 1 : at
  const kind = classAt(text, body)
  return kind === SPACE ? endOfSpace(text, at, end) : endOfRun(text, body, end, kind)
}

export const splitGpt2: PreTokenizer = (text, start, end, emit, origin) => {
  for (let at = start; at < end;) {
    const stop = endOfPiece(text, at, end)
    emit(text, at, stop, origin)
    at = stop
  }
}
