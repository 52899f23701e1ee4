/** Requests that HTTP allows and this server does not. */
import type { IncomingMessage } from 'node:http'
import { ApiError } from '../api/api-error.js'

const maxUrlLength = 8 * 1024
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** What is wrong with it, or null. */
export function oddity(
  { method = '', url = '', httpVersion, rawHeaders }: IncomingMessage,
  maxHeaders: number,
): ApiError | null {
  if (rawHeaders.length / 2 > maxHeaders) {
    return new ApiError(431, 'headers_too_large', `A request may have up to ${maxHeaders} headers.`)
  }
  if (url.length > maxUrlLength) return new ApiError(414, 'url_too_long', `The URL is longer than ${maxUrlLength}.`)
  if (httpVersion !== '1.1') {
    // the streams need chunks, and proxies that ask so can be told otherwise
    const message = 'Expected HTTP/1.1. Behind nginx, set proxy_http_version 1.1.'
    return new ApiError(400, 'http_version', message)
  }
  if (!methods.has(method)) {
    return new ApiError(405, 'method_not_allowed', 'There is no such method here.', null, {
      allow: [...methods].join(', '),
    })
  }
  if (!url.startsWith('/') && url !== '*') {
    return new ApiError(400, 'bad_request', 'Expected a path: this server is no proxy.')
  }
  return null
}
