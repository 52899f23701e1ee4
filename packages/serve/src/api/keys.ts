/** Who may ask: a bearer of one of the keys, if there are keys. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { ServeArgumentError } from '../errors.js'
import { ApiError } from './api-error.js'

/** Paths that answer without a key. */
export const publicPaths: ReadonlySet<string> = new Set(['/livez', '/readyz'])

export type CheckKey = (request: Request, path: string) => void

/** A check that throws a 401. It takes as long for every wrong key, whatever its length. */
export function createKeyCheck(keys: readonly string[]): CheckKey {
  for (const key of keys) {
    // what a header can carry, and long enough not to be guessed
    if (!/^[\x21-\x7e]{16,512}$/.test(key)) {
      throw new ServeArgumentError('apiKeys', 'keys of 16 to 512 visible ASCII characters', `one of ${key.length}`)
    }
  }
  const known = keys.map(digest)
  return (request, path) => {
    if (known.length === 0 || publicPaths.has(path)) return
    const given = digest(/^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '')
    // all of them are compared, so that time does not tell which
    if (known.filter((key) => timingSafeEqual(key, given)).length > 0) return
    const message = 'The API key is missing or wrong. Send it as authorization: Bearer KEY.'
    throw new ApiError(401, 'invalid_api_key', message, null, { 'www-authenticate': 'Bearer' })
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
