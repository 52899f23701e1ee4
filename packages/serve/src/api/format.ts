import type { JobEvent } from '../engine/job.js'
import type { ApiError } from './api-error.js'
import type { Choice, Written } from './choice.js'

/** How one of the two endpoints words what both compute. */
export interface Format {
  readonly idPrefix: string
  readonly object: string
  readonly chunkObject: string
  /** The choice in the chunk before the first token, if there is such a chunk. */
  opening(choice: Choice): object | null
  /** The choice in the chunk of a token; null if there is nothing to say yet. */
  delta(choice: Choice, event: JobEvent): object | null
  /** The choice in the last chunk of a text of no tokens, or of one that failed. */
  ending(choice: Choice, error: ApiError | null): object
  /** The choice in a response that is no stream. */
  whole(written: Written): object
}
