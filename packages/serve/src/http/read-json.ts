/** The body of a request as a JSON object, read strictly: nothing is guessed, coerced or read beyond its limit. */
import { ApiError } from '../api/api-error.js'
import { parse, scanJson } from './scan-json.js'

export interface ReadLimits {
  readonly maxBytes: number
  /** Milliseconds until all of it must be here. */
  readonly bodyMs: number
}

export async function readJson(request: Request, limits: ReadLimits): Promise<Record<string, unknown>> {
  requireJsonType(request.headers)
  const text = decode(await readBytes(request, limits))
  if (text.trim() === '') throw new ApiError(400, 'empty_body', 'The body is empty. Expected a JSON object.')
  scanJson(text)
  const value = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiError(400, 'not_an_object', 'The body must be a JSON object.')
  }
  // raw text cannot hold a lone surrogate, an escape can
  if (/\\ud[89a-f]/i.test(text)) requireWellFormed(value)
  return value as Record<string, unknown>
}

function requireJsonType(headers: Headers): void {
  const [type, ...parameters] = (headers.get('content-type') ?? '').toLowerCase().split(';')
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith('charset='))
  if (type.trim() !== 'application/json' || (charset && !/^charset="?utf-8"?$/.test(charset))) {
    throw new ApiError(415, 'unsupported_media_type', 'Expected content-type: application/json.')
  }
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity') {
    throw new ApiError(415, 'unsupported_encoding', 'Expected a body without content-encoding.')
  }
}

/** A part costs more than its bytes: a body of the largest size comes in far fewer, unless somebody cuts it small to do harm. */
const maxParts = 16_384

async function readBytes(request: Request, { maxBytes, bodyMs }: ReadLimits): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  if (!request.body) return new Uint8Array()
  // not cancelled where it is refused: that would cut the connection before the answer is out
  const reader = request.body.getReader()
  const deadline = deadlineOf(bodyMs)
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { value, done } = await Promise.race([readPart(reader), deadline.passed])
      if (done) return join(parts, length)
      length += value.length
      if (length > maxBytes) throw tooLarge(maxBytes)
      if (parts.push(value) > maxParts)
        throw refusing(400, 'too_many_chunks', `The body comes in more than ${maxParts} parts.`)
    }
  } finally {
    deadline.clear()
  }
}

async function readPart(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read()
  } catch {
    throw new ApiError(400, 'incomplete_body', 'The body ended before its length.')
  }
}

function deadlineOf(ms: number): { passed: Promise<never>; clear: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  const passed = new Promise<never>((_, reject) => {
    const late = () => reject(refusing(408, 'body_timeout', `The body was not here within ${ms / 1000} s.`))
    timer = setTimeout(late, ms)
  })
  return { passed, clear: () => clearTimeout(timer) }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function tooLarge(maxBytes: number): ApiError {
  return refusing(413, 'body_too_large', `The body is larger than ${maxBytes} bytes.`)
}

/** The rest of the body is not waited for. */
function refusing(status: 400 | 408 | 413, code: string, message: string): ApiError {
  return new ApiError(status, code, message, null, { connection: 'close' })
}

function decode(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (!text.startsWith('\uFEFF') && !text.includes('\0')) return text
  } catch {
    // said below
  }
  throw new ApiError(400, 'invalid_utf8', 'The body must be UTF-8 without a byte order mark.')
}

function requireWellFormed(value: unknown): void {
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) {
    throw new ApiError(400, 'invalid_unicode', 'A text has half of a surrogate pair.')
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    requireWellFormed(key)
    requireWellFormed(inner)
  }
}
