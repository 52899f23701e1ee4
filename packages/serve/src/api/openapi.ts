/** /openapi.json: every route that is no page, with what it takes and what it answers. */
import { z } from '@hono/zod-openapi'
import { publicPaths } from '../edge/public-paths.js'
import type { App } from './app.js'
import { errorResponse } from './response-schemas.js'

export interface RouteWords {
  readonly method: 'get' | 'post' | 'delete'
  /** As OpenAPI writes it: `/v1/models/{id}`. */
  readonly path: string
  readonly summary: string
  readonly description?: string
  readonly request?: z.ZodType
  /** Of a 200; absent: text. */
  readonly response?: z.ZodType
  /** It answers with events where the request says `stream: true`. */
  readonly streams?: boolean
  /** A body, for an example. */
  readonly example?: object
  /** Statuses of errors besides those of all routes. */
  readonly errors?: readonly number[]
}

const problems: Readonly<Record<number, string>> = {
  400: 'The request is wrong; `code` and `param` say how. Nothing of it has begun.',
  401: 'The API key is missing or wrong.',
  403: 'The key is not that of an administrator.',
  404: 'There is no such model or object.',
  409: 'It is in use, or has changed since.',
  413: 'The body is too large.',
  415: 'The body is not JSON by its type.',
  422: 'No token can be drawn as asked.',
  429: 'The limits of the key are reached; `retry-after` says for how long.',
  500: 'The server failed.',
  503: 'The server has no room, or is ending; `retry-after` says for how long.',
  504: 'It took longer than the timeout that `code` names.',
}
const ofPosts = [400, 413, 415, 429, 500, 503, 504]

const description =
  'A RetNet over HTTP, in the shape of the OpenAI API. Errors are {"error": {"message", "type", "param", "code"}}, in a stream as an event ' +
  'before [DONE].'

export function describe(app: App, words: RouteWords): void {
  const { method, path, summary, request } = words
  const isPublic = publicPaths.has(path)
  app.openAPIRegistry.registerPath({
    method,
    path,
    summary,
    ...(words.description && { description: words.description }),
    ...(isPublic ? { security: [] } : { security: [{ key: [] }] }),
    request: {
      ...(request && { body: { required: true, content: { 'application/json': { schema: request } } } }),
      ...(path.includes('{id}') && { params: z.object({ id: z.string() }) }),
    },
    responses: { 200: success(words), ...failures(words, isPublic) },
    ...(words.example && { 'x-example': words.example }),
  })
}

function success({ response, streams }: RouteWords) {
  if (!response) return { description: 'Text', content: { 'text/plain': { schema: z.string() } } }
  const whole = { 'application/json': { schema: response } }
  if (!streams) return { description: 'The answer', content: whole }
  const events = { 'text/event-stream': { schema: z.string() } }
  return {
    description: 'The answer; with stream: true its parts as events, and [DONE]',
    content: { ...whole, ...events },
  }
}

function failures({ method, errors = [] }: RouteWords, isPublic: boolean) {
  const statuses = new Set([...(isPublic ? [] : [401]), ...(method === 'post' ? ofPosts : []), ...errors])
  const content = { 'application/json': { schema: errorResponse } }
  return Object.fromEntries(
    [...statuses].sort((a, b) => a - b).map((status) => [status, { description: problems[status], content }]),
  )
}

export function openApiDocument(app: App): object {
  return app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 'RetNet', version: '1', description } })
}

export function registerSecurity(app: App): void {
  const words = 'Needed where the server has keys.'
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: words,
  })
}
