import { RetNetError } from './retnet-error.js'

/** An argument or option has a value that cannot be used. */
export class ArgumentError extends RetNetError {
  readonly argument: string

  constructor(detail: { argument: string; expected: string; actual: unknown; fix?: string }) {
    super(`${detail.argument}: expected ${detail.expected}, got ${show(detail.actual)}.`, detail.fix)
    this.argument = detail.argument
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}
