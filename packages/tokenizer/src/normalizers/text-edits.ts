/** The normalizers that put in, take away or exchange text: `Prepend`, `Strip`, `Replace`. */
import { replaceIn } from '../origin/origin.js'
import { asBoolean, asFields, asText, field, refuseUnknownKeys, wrong } from '../reading/fields.js'
import type { Step } from '../reading/steps.js'
import type { Normalizer } from './normalizer.js'

export function readPrepend({ fields, path }: Step): Normalizer {
  refuseUnknownKeys(fields, path, ['type', 'prepend'])
  const prefix = asText(field(fields, 'prepend'), `${path}.prepend`)
  return (text, edits) => {
    if (text === '') return text
    edits?.push(0, 0, prefix.length)
    return prefix + text
  }
}

export function readStrip({ fields, path }: Step): Normalizer {
  refuseUnknownKeys(fields, path, ['type', 'strip_left', 'strip_right'])
  const left = asBoolean(field(fields, 'strip_left'), `${path}.strip_left`)
  const right = asBoolean(field(fields, 'strip_right'), `${path}.strip_right`)
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
export function readReplaceText({ fields, path }: Step): Normalizer {
  refuseUnknownKeys(fields, path, ['type', 'pattern', 'content'])
  const at = `${path}.pattern.String`
  const found = asText(field(asFields(field(fields, 'pattern'), `${path}.pattern`), 'String'), at)
  if (found === '') throw wrong(at, 'at least one character', found)
  const content = asText(field(fields, 'content'), `${path}.content`)
  const pattern = new RegExp(found.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`), 'g')
  return (text, edits) =>
    edits ? replaceIn(text, pattern, () => content, edits) : text.replaceAll(found, () => content)
}
