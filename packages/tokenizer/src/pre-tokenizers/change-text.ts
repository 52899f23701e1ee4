/** Runs a pre-tokenizer on changed text, and carries the origin over when offsets are wanted. */
import type { Edits } from '../origin/origin.js'
import type { PreTokenizer } from './pre-tokenizer.js'

/** `split` on what `change` makes of each stretch. */
export function changeText(change: (text: string, edits?: Edits) => string, split: PreTokenizer): PreTokenizer {
  return (text, start, end, emit, origin) => {
    const edits: Edits | undefined = origin && []
    const changed = change(text.slice(start, end), edits)
    split(changed, 0, changed.length, emit, origin?.edit(start, end, edits!))
  }
}

/** `after` on each piece of `step`. */
export function chain(after: PreTokenizer, step: PreTokenizer): PreTokenizer {
  return (text, start, end, emit, origin) => step(text, start, end, (t, s, e, o) => after(t, s, e, emit, o), origin)
}

export const whole: PreTokenizer = (text, start, end, emit, origin) => {
  if (start < end) emit(text, start, end, origin)
}
