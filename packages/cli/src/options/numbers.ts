/** Values of options as numbers. Ranges that a package checks itself are left to it. */
import { InvalidArgumentError } from 'commander'

/** A parser for whole numbers from `least` to `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = numberOf(text)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
    throw new InvalidArgumentError(`Expected a whole number ${range}, got ${JSON.stringify(text)}.`)
  }
}

/** A parser for finite numbers. */
export function finiteNumber(text: string): number {
  const value = numberOf(text)
  if (Number.isFinite(value)) return value
  throw new InvalidArgumentError(`Expected a number, got ${JSON.stringify(text)}.`)
}

function numberOf(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
}
