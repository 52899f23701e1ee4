/** `Metaspace`: spaces become a visible sign, words begin with one. */
import type { Edits } from '../origin/origin.js'
import { asBoolean, asCharacter, asIs, orElse, wrong } from '../reading/fields.js'
import { readSettings, type Step } from '../reading/steps.js'
import { changeText, whole } from './change-text.js'
import type { PreTokenizer } from './pre-tokenizer.js'

export interface MetaspaceOptions {
  readonly replacement: string
  /** Where a sign is put before a text that has none: before every stretch, at the start of the text, nowhere. */
  readonly scheme: 'always' | 'first' | 'never'
  readonly split: boolean
}

const yes = orElse(asBoolean, true)

export function readMetaspaceOptions(step: Step): MetaspaceOptions {
  const file = readSettings(step, {
    replacement: asCharacter,
    str_rep: asIs,
    // Older files say in one flag whether always or never.
    add_prefix_space: yes,
    prepend_scheme: asIs,
    split: yes,
  })
  const scheme = file.prepend_scheme ?? (file.add_prefix_space ? 'always' : 'never')
  if (scheme !== 'always' && scheme !== 'first' && scheme !== 'never') {
    throw wrong(`${step.path}.prepend_scheme`, '"always", "first" or "never"', scheme)
  }
  return { replacement: file.replacement, scheme, split: file.split }
}

export function readMetaspace(step: Step): PreTokenizer {
  const { replacement, scheme, split } = readMetaspaceOptions(step)
  const cut = split ? splitBefore(replacement) : whole
  const mark = (text: string, edits: Edits | undefined, prepend: boolean): string => {
    const missing = prepend && text !== '' && text[0] !== ' ' && !text.startsWith(replacement)
    if (missing) edits?.push(0, 0, replacement.length)
    if (edits)
      for (let at = text.indexOf(' '); at >= 0; at = text.indexOf(' ', at + 1))
        edits.push(at, at + 1, replacement.length)
    return (missing ? replacement : '') + text.replaceAll(' ', replacement)
  }
  const bare = changeText((text, edits) => mark(text, edits, false), cut)
  const marked = changeText((text, edits) => mark(text, edits, true), cut)
  if (scheme === 'always') return marked
  if (scheme === 'never') return bare
  return (text, start, end, emit, origin) =>
    (origin?.starts[start] === 0 ? marked : bare)(text, start, end, emit, origin)
}

function splitBefore(mark: string): PreTokenizer {
  return (text, start, end, emit, origin) => {
    let from = start
    for (let at = text.indexOf(mark, start + 1); at >= 0; at = text.indexOf(mark, at + mark.length)) {
      emit(text, from, at, origin)
      from = at
    }
    whole(text, from, end, emit, origin)
  }
}
