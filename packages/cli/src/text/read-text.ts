/** Text from a file or from stdin, in UTF-8 and of a bounded size. */
import { open } from 'node:fs/promises'
import { CommandError } from '../errors.js'
import type { Io } from '../io.js'

/** More than any book; enough to refuse a disk image before it fills the memory. */
export const maxTextBytes = 256 * 1024 * 1024

/** The whole text of `path`, or of stdin for `-`. */
export async function readText(io: Io, path: string): Promise<string> {
  return path === '-' ? decode(await readStdin(io), 'stdin') : decode(await readFile(path), path)
}

async function readFile(path: string): Promise<Uint8Array> {
  await using file = await open(path)
  const { size } = await file.stat()
  checkSize(size, path)
  return await file.readFile()
}

async function readStdin(io: Io): Promise<Uint8Array> {
  if (io.stdin.isTTY) io.stderr.write('retnet: reading the text from the terminal; end it with Ctrl-D\n')
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of abortable(io.stdin, io.signal)) {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
    checkSize((size += bytes.length), 'stdin')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

// a terminal may keep stdin open for ever; Ctrl-C must end the wait
async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
  aborted.catch(() => {})
  signal.throwIfAborted()
  for (;;) {
    const next = await Promise.race([iterator.next(), aborted])
    if (next.done === true) return
    yield next.value
  }
}

function checkSize(size: number, name: string): void {
  if (size <= maxTextBytes) return
  throw new CommandError(`${name}: expected a text of at most ${maxTextBytes} bytes, got more.`, 'Split it.')
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    // a byte order mark is part of the text: what the model sees is what the file holds
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new CommandError(
      `${name}: expected UTF-8, but byte ${firstInvalid(bytes)} does not belong to any character.`,
      'Convert the text, for example with iconv -f latin1 -t utf-8. Lone surrogates have no place in UTF-8.',
    )
  }
}

// the longest prefix of whole characters, by bisection: an error path may take its time
function firstInvalid(bytes: Uint8Array): number {
  let valid = 0
  let invalid = bytes.length + 1
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1
    if (decodes(bytes.subarray(0, middle), true)) valid = middle
    else invalid = middle
  }
  // the prefix may end within a character
  while (!decodes(bytes.subarray(0, valid), false)) valid--
  return valid
}

function decodes(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream })
    return true
  } catch {
    return false
  }
}
