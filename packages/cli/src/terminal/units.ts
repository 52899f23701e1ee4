/** Numbers as people read them. */

export function showBytes(bytes: number): string {
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (bytes >= size) return `${significant(bytes / size)} ${unit}`
  }
  return `${bytes} bytes`
}

export function showCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** Tokens per second and the like: three digits are more than a busy machine can promise. */
export function showRate(rate: number): string {
  return rate >= 100 ? showCount(Math.round(rate)) : significant(rate)
}

function significant(value: number): string {
  return String(Number(value.toPrecision(3)))
}
