/** The beginning of a body before its end has come. It holds no more than was asked for, and the part that came last. */
import { ApiError } from '../api/api-error.js'

export class ByteReader {
  readonly #parts: AsyncIterator<Uint8Array>
  readonly #onBytes: (bytes: Uint8Array) => void
  #held: Uint8Array = new Uint8Array()
  #ended = false

  /** `onBytes` gets all that is read, once and in order. */
  constructor(body: AsyncIterable<Uint8Array>, onBytes: (bytes: Uint8Array) => void = () => {}) {
    this.#parts = body[Symbol.asyncIterator]()
    this.#onBytes = onBytes
  }

  /** The first `count` bytes, or fewer if there are no more; they will be read again. */
  async peek(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [this.#held]
    let length = this.#held.length
    while (length < count) {
      const part = await this.#next()
      if (part === null) break
      parts.push(part)
      length += part.length
    }
    if (parts.length > 1) this.#held = joined(parts, length)
    return this.#held.subarray(0, count)
  }

  /** All bytes, of which there must be `count`. Throws a 400 at the first one too many. */
  async readAll(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count)
    let at = 0
    for (let part: Uint8Array | null = this.#held; part !== null; part = await this.#next()) {
      if (at + part.length > count) throw wrongLength(count, 'more')
      bytes.set(part, at)
      at += part.length
    }
    if (at < count) throw wrongLength(count, `${at}`)
    return bytes
  }

  async #next(): Promise<Uint8Array | null> {
    if (this.#ended) return null
    try {
      const { value, done } = await this.#parts.next()
      this.#ended = done === true
      if (done) return null
      this.#onBytes(value)
      return value
    } catch (error) {
      if (error instanceof ApiError) throw error
      throw new ApiError(400, 'incomplete_body', 'The body ended before its length.')
    }
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function wrongLength(expected: number, actual: string): ApiError {
  return new ApiError(400, 'state_incompatible', `snapshot: expected ${expected} bytes, got ${actual}.`)
}
