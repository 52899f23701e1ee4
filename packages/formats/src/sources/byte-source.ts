/** Random access to the bytes of one file, wherever it lives. It knows nothing of what the bytes mean. */
import { SourceError } from '../errors.js'

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
}

/** An open file. The size is fixed when it is opened; a file that changes afterwards gives a `SourceError`. */
export interface ByteSource extends Disposable {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Exactly `length` bytes from `offset`, or an error; never fewer. The result may be a view: do not write to it. */
  read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>
  dispose(): void
}

/** Throws unless `[offset, offset + length)` lies inside the source. Call it before allocating. */
export function checkRange(source: { name: string; size: number }, offset: number, length: number): void {
  const valid = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
  if (valid && offset + length <= source.size) return
  throw new SourceError(
    source.name,
    'out-of-range',
    `expected a range inside ${source.size} bytes, got ${length} bytes from ${offset}.`,
  )
}

/** The error for a read that ended early: the file shrank, or the server cut the body. */
export function shortRead(name: string, offset: number, expected: number, actual: number): SourceError {
  return new SourceError(
    name,
    'short-read',
    `expected ${expected} bytes from ${offset}, got ${actual}.`,
    'The file was truncated while it was open, or the connection was cut. Open it again.',
  )
}
