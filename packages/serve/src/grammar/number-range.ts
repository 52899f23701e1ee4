/** Numbers between two bounds, digit by digit. */
import type { Part } from './automaton.js'
import { character, either, nothing, oneText, repeat, sequence, text } from './parts.js'

/** Larger numbers than this are not written: of 15 digits all are exact. */
const largest = 999_999_999_999_999
/** With a fraction of six digits nothing is rounded to the next integer. */
const largestWhole = 999_999_999

export interface NumberRange {
  readonly least: number
  readonly most: number
  /** The bound itself is out. */
  readonly aboveLeast?: boolean
  readonly belowMost?: boolean
}

/** Null if there is none. */
export function integerBetween({ least, most, aboveLeast, belowMost }: NumberRange): Part | null {
  const low = Math.max(aboveLeast ? Math.floor(least) + 1 : Math.ceil(least), -largest)
  const high = Math.min(belowMost ? Math.ceil(most) - 1 : Math.floor(most), largest)
  const parts: Part[] = []
  if (low < 0 && low <= high) parts.push(sequence(text('-'), naturalBetween(Math.max(1, -high), -low)))
  if (high >= 0 && low <= high) parts.push(naturalBetween(Math.max(0, low), high))
  return parts.length === 0 ? null : either(...parts)
}

const anyDigit = character([[0x30, 0x39]])
/** Not zero: it lies strictly between two integers, and so bounds may be exclusive. */
const fraction = sequence(text('.'), repeat(text('0'), 0, 2), character([[0x31, 0x39]]), repeat(anyDigit, 0, 3))

/** Integers between the bounds, and numbers between two integers that are both within them. Null if there is none. */
export function numberBetween(range: NumberRange): Part | null {
  const low = Math.max(Math.ceil(range.least), -largestWhole)
  const high = Math.min(Math.floor(range.most), largestWhole)
  const parts: Part[] = []
  const whole = integerBetween(range)
  if (whole) parts.push(whole)
  if (high - 1 >= Math.max(0, low)) parts.push(sequence(naturalBetween(Math.max(0, low), high - 1), fraction))
  if (-low - 1 >= Math.max(0, -high)) {
    parts.push(sequence(text('-'), naturalBetween(Math.max(0, -high), -low - 1), fraction))
  }
  return parts.length === 0 ? null : either(...parts)
}

/** 0 <= low <= high */
function naturalBetween(low: number, high: number): Part {
  const parts: Part[] = []
  for (let length = `${low}`.length; length <= `${high}`.length; length++) {
    const first = Math.max(low, length === 1 ? 0 : 10 ** (length - 1))
    parts.push(digitsBetween(`${first}`, `${Math.min(high, 10 ** length - 1)}`))
  }
  return either(...parts)
}

/** Digits between two strings of the same length. */
function digitsBetween(low: string, high: string): Part {
  const { length } = low
  if (length === 0) return nothing
  const least = '0'.repeat(length - 1)
  const most = '9'.repeat(length - 1)
  if (low === `0${least}` && high === `9${most}`) return repeat(anyDigit, length, length)
  const [first, last] = [Number(low[0]), Number(high[0])]
  if (first === last) return sequence(text(low[0]), digitsBetween(low.slice(1), high.slice(1)))
  const middle = Array.from({ length: last - first - 1 }, (_, at) => `${first + 1 + at}`)
  return either(
    sequence(text(low[0]), digitsBetween(low.slice(1), most)),
    ...(middle.length > 0 ? [sequence(oneText(middle), digitsBetween(least, most))] : []),
    sequence(text(high[0]), digitsBetween(least, high.slice(1))),
  )
}
