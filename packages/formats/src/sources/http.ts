/** The few pieces of HTTP that range reads and downloads share. */

export interface ContentRange {
  /** First and last byte, inclusive; absent in the answer to an unsatisfiable range. */
  readonly first: number | undefined
  readonly last: number | undefined
  /** Absent when the server says `*`. */
  readonly total: number | undefined
}

/** Reads `Content-Range: bytes 0-99/1000`, or undefined when it is missing or malformed. */
export function contentRange(headers: Headers): ContentRange | undefined {
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '')
  if (!match) return undefined
  const number = (text: string | undefined) => (text === undefined || text === '*' ? undefined : Number(text))
  const range = { first: number(match[1]), last: number(match[2]), total: number(match[3]) }
  return Object.values(range).every((value) => value === undefined || Number.isSafeInteger(value)) ? range : undefined
}

/** The ETag when it names exact bytes. Weak ones do not and cannot guard a range. */
export function strongEtag(headers: Headers): string | undefined {
  const etag = headers.get('etag')
  return etag && /^"[\x21\x23-\x7e]*"$/.test(etag) ? etag : undefined
}

/** The body as exactly `length` bytes; `short` makes the error when it has more or fewer. */
export async function readBody(
  response: Response,
  length: number,
  short: (actual: number) => Error,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  let done = 0
  const reader = response.body?.getReader()
  for (;;) {
    const piece = await reader?.read()
    if (!piece?.value) break
    if (done + piece.value.byteLength > length) {
      await reader?.cancel()
      throw short(done + piece.value.byteLength)
    }
    bytes.set(piece.value, done)
    done += piece.value.byteLength
  }
  if (done !== length) throw short(done)
  return bytes
}

/** The whole body, whatever its length, unless it passes `limit` bytes. */
export async function readUpTo(
  response: Response,
  limit: number,
  tooLong: () => Error,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let total = 0
  const reader = response.body?.getReader()
  for (;;) {
    const piece = await reader?.read()
    if (!piece?.value) break
    total += piece.value.byteLength
    if (total > limit) {
      await reader?.cancel()
      throw tooLong()
    }
    pieces.push(piece.value)
  }
  return concatenate(pieces, total)
}

export function concatenate(pieces: readonly Uint8Array<ArrayBuffer>[], total: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(total)
  let offset = 0
  for (const piece of pieces) {
    bytes.set(piece, offset)
    offset += piece.byteLength
  }
  return bytes
}
