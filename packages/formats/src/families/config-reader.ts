import { ConfigError } from './config-error.js'

/** Typed access to the fields of a config.json; every complaint names the file and the field. */
export class ConfigReader {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly file: string

  constructor(fields: Readonly<Record<string, unknown>>, file: string) {
    this.#fields = fields
    this.file = file
  }

  /** True when the field is there and not null. */
  has(field: string): boolean {
    return Object.hasOwn(this.#fields, field) && this.#fields[field] !== null
  }

  /** The value as it is, undefined when absent. */
  raw(field: string): unknown {
    return this.#fields[field]
  }

  /** A whole number of at least 1. */
  count(field: string, fallback?: number): number {
    const value = this.#read(field, fallback)
    if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number
    throw this.error(field, `expected a whole number of at least 1, got ${show(value)}.`)
  }

  positive(field: string, fallback?: number): number {
    const value = this.#read(field, fallback)
    if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value
    throw this.error(field, `expected a positive number, got ${show(value)}.`)
  }

  flag(field: string, fallback?: boolean): boolean {
    const value = this.#read(field, fallback)
    if (typeof value === 'boolean') return value
    throw this.error(field, `expected true or false, got ${show(value)}.`)
  }

  /** The meaning of a name, by a table of the names that are known. */
  choice<Meaning>(field: string, known: Readonly<Record<string, Meaning>>, fallback?: string): Meaning {
    const value = this.#read(field, fallback)
    if (typeof value === 'string' && Object.hasOwn(known, value)) return known[value]
    throw this.error(field, `expected one of ${Object.keys(known).join(', ')}, got ${show(value)}.`)
  }

  /** Refuses a feature that would change the result: the field must be absent, null, false or 0. */
  refuse(field: string, what: string): void {
    const value = this.#fields[field]
    if (value === undefined || value === null || value === false || value === 0) return
    throw this.error(field, `${what} is not supported.`, 'Only models of retention layers can be loaded.')
  }

  error(field: string, message: string, fix = ''): ConfigError {
    return new ConfigError({ file: this.file, field, message, fix })
  }

  #read(field: string, fallback: unknown): unknown {
    if (this.has(field)) return this.#fields[field]
    if (fallback !== undefined) return fallback
    throw this.error(field, 'is missing.')
  }
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80)
}
