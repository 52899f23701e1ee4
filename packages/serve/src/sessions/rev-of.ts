/** The revision that a key is of. */
export function revOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1))
}
