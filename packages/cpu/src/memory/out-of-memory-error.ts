import { RetNetError } from '@retnet/core'

/** A tensor does not fit into the memory of the backend. Nothing was allocated. */
export class OutOfMemoryError extends RetNetError {
  /** What the memory was for. */
  readonly what: string
  readonly bytes: number
  /** Bytes that the backend may use in all. */
  readonly limit: number

  constructor(what: string, bytes: number, used: number, limit: number) {
    super(
      `${what}: needs ${megabytes(bytes)}, but the cpu backend holds ${megabytes(used)} of at most ${megabytes(limit)}.`,
      'Dispose of models and programs that are no longer used, take weights as q8 or f16, or raise maxMemoryBytes (at most 4 GiB).',
    )
    this.what = what
    this.bytes = bytes
    this.limit = limit
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1048576).toFixed(1)} MiB`
}
