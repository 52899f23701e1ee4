import { RetNetError } from '@retnet/core'

/** A schema that cannot become a grammar, or not one of a size that a server should build. */
export class SchemaError extends RetNetError {
  /** Where in the schema, as a JSON pointer; empty for all of it. */
  readonly path: string

  constructor(path: string, why: string) {
    super(`schema${path === '' ? '' : ` at ${path}`}: ${why}.`)
    this.path = path
  }
}
