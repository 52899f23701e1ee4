/** Lets pages of listed origins read the answers. Keys come in a header, never in a cookie, so no credentials are let through. */
import { ServeArgumentError } from '../errors.js'

const methods = 'GET, POST, PUT, DELETE'
const exposed =
  'x-request-id, retry-after, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, ' +
  'x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens, x-retnet-stream, x-retnet-signature'
// those of this API, and those that the openai package adds
const allowed =
  /^(accept|authorization|content-type|if-match|last-event-id|x-request-id|x-retnet-signature|(openai|x-stainless)-[a-z-]{1,40})$/
const maxAgeSeconds = '600'

export interface Cors {
  /** The answer to a preflight; null if this is none. */
  preflight(request: Request): Response | null
  /** Headers of any other answer. */
  headersOf(request: Request): Record<string, string>
}

/** Origins are compared as they are: scheme, host, port. None: no page but those of this server. */
export function createCors(origins: readonly string[]): Cors | null {
  for (const origin of origins) requireOrigin(origin)
  if (origins.length === 0) return null
  const known = new Set(origins)
  const allow = (request: Request): Record<string, string> => {
    const origin = request.headers.get('origin')
    if (origin === null || !known.has(origin)) return { vary: 'origin' }
    return { vary: 'origin', 'access-control-allow-origin': origin }
  }
  return {
    preflight(request) {
      if (request.method !== 'OPTIONS' || !request.headers.has('access-control-request-method')) return null
      const headers = allow(request)
      if (!headers['access-control-allow-origin']) return new Response(null, { status: 204, headers })
      const asked = (request.headers.get('access-control-request-headers') ?? '').toLowerCase().split(/\s*,\s*/)
      const more = {
        'access-control-allow-methods': methods,
        'access-control-allow-headers': asked.filter((name) => allowed.test(name)).join(', '),
        'access-control-max-age': maxAgeSeconds,
      }
      return new Response(null, { status: 204, headers: { ...headers, ...more } })
    },
    headersOf(request) {
      const headers = allow(request)
      return headers['access-control-allow-origin'] ? { ...headers, 'access-control-expose-headers': exposed } : headers
    },
  }
}

function requireOrigin(origin: string): void {
  if (URL.canParse(origin) && /^https?:$/.test(new URL(origin).protocol) && new URL(origin).origin === origin) return
  throw new ServeArgumentError('corsOrigins', 'origins such as https://app.example.com', origin)
}
