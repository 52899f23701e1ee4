/** Cuts a stream of UTF-8 into lines that keep their ends, as Hugging Face's trainer reads files. Memory is that of one long line. */
import { TokenizerArgumentError } from '../errors.js'

export type ByteChunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>

/** A line of more characters than this is cut where every way of splitting words cuts too. */
const LONG_LINE = 1 << 20

/**
 * The lines of a text, a list for each chunk that comes in. The source may be a Node stream, a `ReadableStream`, or any iterable of
 * bytes. Throws `TokenizerArgumentError` for bytes that are no UTF-8. A byte order mark is kept.
 */
export async function* linesOf(chunks: ByteChunks): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let rest = ''
  let bytes = 0
  let long = LONG_LINE
  for await (const chunk of iterable(chunks)) {
    const text = decode(decoder, chunk, bytes)
    bytes += chunk.length
    const end = text.lastIndexOf('\n') + 1
    const lines = end > 0 ? wholeLines(rest + text.slice(0, end)) : []
    rest = end > 0 ? text.slice(end) : rest + text
    if (rest.length > long) {
      const cut = safeCut(rest)
      if (cut > 0) lines.push(rest.slice(0, cut))
      rest = rest.slice(cut)
    }
    // where there is no place to cut, the next search waits until it is worth its time
    long = Math.max(LONG_LINE, 2 * rest.length)
    if (lines.length > 0) yield lines
  }
  rest += decode(decoder, undefined, bytes)
  if (rest !== '') yield [rest]
}

function wholeLines(text: string): string[] {
  const lines: string[] = []
  for (let start = 0; start < text.length;) {
    const next = text.indexOf('\n', start) + 1
    lines.push(text.slice(start, next))
    start = next
  }
  return lines
}

/** The last space between two ASCII letters or digits, where words begin whatever stands further away; 0 if there is none. */
function safeCut(text: string): number {
  for (let at = text.lastIndexOf(' '); at > 0; at = text.lastIndexOf(' ', at - 1)) {
    if (/^\w \w$/.test(text.slice(at - 1, at + 2))) return at
  }
  return 0
}

function decode(decoder: TextDecoder, chunk: Uint8Array | undefined, before: number): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined })
  } catch {
    const where = chunk === undefined ? `an end within a character` : `other bytes after byte ${before}`
    throw new TokenizerArgumentError('linesOf: chunks', 'text in UTF-8', where)
  }
}

// not every browser can iterate a ReadableStream
async function* iterable(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  if ('getReader' in chunks) yield* chunksOf(chunks)
  else yield* chunks
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    await reader.cancel()
  }
}
