/** A value in a few words for an error message, never longer than a line. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  return Object(value) === value ? `a ${typeof value}` : String(value)
}
