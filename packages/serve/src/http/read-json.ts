/** The body of a request as a JSON object, read strictly: nothing is guessed, coerced or read beyond its limit. */
import { ApiError } from '../api/api-error.js'
import { parse, scanJson } from './scan-json.js'

export async function readJson(request: Request, maxBytes: number): Promise<Record<string, unknown>> {
  requireJsonType(request.headers)
  const text = decode(await readBytes(request, maxBytes))
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

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of request.body ?? []) {
      length += part.length
      if (length > maxBytes) throw tooLarge(maxBytes)
      parts.push(part)
    }
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new ApiError(400, 'incomplete_body', 'The body ended before its length.')
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function tooLarge(maxBytes: number): ApiError {
  const message = `The body is larger than ${maxBytes} bytes.`
  return new ApiError(413, 'body_too_large', message, null, { connection: 'close' })
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
