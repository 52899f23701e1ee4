/** The normalizers that put in, take away or exchange text: `Prepend`, `Strip`, `Replace`. */
import { replaceIn } from '../origin/origin.js'
import { asBoolean, asText } from '../reading/fields.js'
import { readReplacement } from '../reading/read-replacement.js'
import { readSettings, type Step } from '../reading/steps.js'
import type { Normalizer } from './normalizer.js'

export function readPrepend(step: Step): Normalizer {
  const { prepend: prefix } = readSettings(step, { prepend: asText })
  return (text, edits) => {
    if (text === '') return text
    edits?.push(0, 0, prefix.length)
    return prefix + text
  }
}

export function readStrip(step: Step): Normalizer {
  const { strip_left: left, strip_right: right } = readSettings(step, { strip_left: asBoolean, strip_right: asBoolean })
  return (text, edits) => {
    const start = left ? spaceAtStart(text) : 0
    const end = right ? spaceAtEnd(text, start) : text.length
    if (start > 0) edits?.push(0, start, 0)
    if (end < text.length) edits?.push(end, text.length, 0)
    return text.slice(start, end)
  }
}

const isSpace = /\p{White_Space}/u

function spaceAtStart(text: string): number {
  let at = 0
  while (at < text.length && isSpace.test(text[at])) at++
  return at
}

function spaceAtEnd(text: string, start: number): number {
  let at = text.length
  while (at > start && isSpace.test(text[at - 1])) at--
  return at
}

/** `Replace` with a text as its pattern. */
export function readReplaceText(step: Step): Normalizer {
  const { pattern: found, content } = readReplacement(step)
  const pattern = new RegExp(found.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`), 'g')
  return (text, edits) =>
    edits ? replaceIn(text, pattern, () => content, edits) : text.replaceAll(found, () => content)
}
