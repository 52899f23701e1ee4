import type { TensorData } from '@retnet/core'

/** How far one tensor is from what was expected. */
export interface Difference {
  /** `output y`, `state memory`, `output grad.x`. */
  readonly name: string
  /** Largest difference as a share of the scale. */
  readonly error: number
  readonly tolerance: number
  /** Where the largest difference is, and both numbers there. */
  readonly at: number
  readonly actual: number
  readonly expected: number
}

/** Differences are shares of `scale`: the largest magnitude that was expected, unless the caller knows better. */
export function difference(
  name: string,
  actual: TensorData | undefined,
  expected: ArrayLike<number>,
  tolerance: number,
  scale = largest(expected),
): Difference {
  if (actual?.length !== expected.length) {
    return { name, error: Infinity, tolerance, at: -1, actual: actual?.length ?? Number.NaN, expected: expected.length }
  }
  let worst = { error: 0, at: 0 }
  for (let at = 0; at < expected.length; at++) {
    const error = distance(actual[at], expected[at]) / (scale || 1)
    if (error > worst.error) worst = { error, at }
  }
  return { name, ...worst, tolerance, actual: actual[worst.at], expected: expected[worst.at] }
}

export function isWithin({ error, tolerance }: Difference): boolean {
  return error <= tolerance
}

/** Throws an error with one line for each difference above its tolerance, and when nothing was compared. */
export function requireWithin(differences: readonly Difference[]): void {
  if (differences.length === 0) throw new Error('nothing was compared')
  const wrong = differences.filter((found) => !isWithin(found)).map(showDifference)
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
}

export function showDifference({ name, error, tolerance, at, actual, expected }: Difference): string {
  if (at < 0) return `${name}: expected ${expected} numbers, got ${Number.isNaN(actual) ? 'nothing' : actual}`
  return `${name}[${at}]: expected ${expected}, got ${actual}: off by ${error.toExponential(1)}, allowed ${tolerance.toExponential(1)}`
}

// infinities must agree exactly; a NaN agrees with nothing, because no case expects one
function distance(actual: number, expected: number): number {
  if (actual === expected || actual === Math.fround(expected)) return 0
  const gap = Math.abs(actual - expected)
  return Number.isNaN(gap) ? Infinity : gap
}

/** The largest finite magnitude. */
export function largest(numbers: ArrayLike<number>): number {
  let top = 0
  for (let at = 0; at < numbers.length; at++)
    if (Number.isFinite(numbers[at])) top = Math.max(top, Math.abs(numbers[at]))
  return top
}
