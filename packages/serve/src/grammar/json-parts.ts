/**
 * Parts of JSON. White space is one space at most, behind a comma or a colon: a small model that may write spaces without end does.
 */
import type { Part } from './automaton.js'
import {
  type CodePoints,
  character,
  either,
  nothing,
  oneText,
  optional,
  repeat,
  rule,
  sequence,
  text,
} from './parts.js'

export const space: Part = optional(text(' '))
export const comma: Part = sequence(text(','), space)

/** What stands in a string as it is. */
const plain: CodePoints = [
  [0x20, 0x21],
  [0x23, 0x5b],
  [0x5d, 0x10ffff],
]
const digit: CodePoints = [[0x30, 0x39]]
const hex: CodePoints = [...digit, [0x41, 0x46], [0x61, 0x66]]
/** Four digits that are no half of a surrogate pair. */
const unit = either(
  sequence(character([...digit, [0x41, 0x43], [0x45, 0x46], [0x61, 0x63], [0x65, 0x66]]), repeat(character(hex), 3, 3)),
  sequence(oneText(['d', 'D']), character([[0x30, 0x37]]), repeat(character(hex), 2, 2)),
)
const escape = sequence(
  text('\\'),
  either(oneText(['"', '\\', '/', 'b', 'f', 'n', 'r', 't']), sequence(text('u'), unit)),
)

/** Any character of a string. */
export const stringCharacter: Part = rule('character', () => either(character(plain), escape))

/** A character of these ranges, as it stands in a string. */
export function escapedCharacter(ranges: CodePoints): Part {
  const between = plain.flatMap(([from, to]) =>
    ranges.map(([low, high]) => [Math.max(low, from), Math.min(high, to)] as const),
  )
  const raw = between.filter(([low, high]) => low <= high)
  const escaped = [...Array.from({ length: 0x20 }, (_, code) => code), 0x22, 0x5c]
    .filter((code) => ranges.some(([low, high]) => low <= code && code <= high))
    .map((code) => JSON.stringify(String.fromCharCode(code)).slice(1, -1))
  return either(character(raw), ...(escaped.length > 0 ? [oneText(escaped)] : []))
}

export function quoted(body: Part): Part {
  return sequence(text('"'), body, text('"'))
}

export const anyString: Part = rule('string', () => quoted(repeat(stringCharacter, 0, Infinity)))

const digits = (least: number, most: number) => repeat(character(digit), least, most)
/** Up to 15 digits: all of them are safe integers. */
const natural = either(text('0'), sequence(character([[0x31, 0x39]]), digits(0, 14)))
export const anyInteger: Part = either(natural, sequence(text('-'), character([[0x31, 0x39]]), digits(0, 14)))
const fraction = sequence(text('.'), digits(1, 15))
const exponent = sequence(oneText(['e', 'E']), optional(oneText(['+', '-'])), digits(1, 2))
export const anyNumber: Part = rule('number', () => {
  return sequence(optional(text('-')), natural, optional(fraction), optional(exponent))
})

/** `item, item`: from `least` to `most` of them. */
export function list(item: Part, least: number, most: number): Part {
  if (most === 0) return nothing
  const some = sequence(item, repeat(sequence(comma, item), Math.max(0, least - 1), most - 1))
  return least === 0 ? optional(some) : some
}

export function member(key: Part, value: Part): Part {
  return sequence(key, text(':'), space, value)
}

export const anyObject: Part = rule('object', () => {
  return sequence(text('{'), list(member(anyString, anyValue), 0, Infinity), text('}'))
})
export const anyArray: Part = rule('array', () => sequence(text('['), list(anyValue, 0, Infinity), text(']')))
export const anyValue: Part = rule('value', () => {
  return either(anyObject, anyArray, anyString, anyNumber, oneText(['true', 'false', 'null']))
})
