/** The routes, as a function from a Request to a Response. It listens to nothing. */
import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { readJson } from '../http/read-json.js'
import { ApiError, toApiError } from './api-error.js'
import { chat } from './chat.js'
import { complete } from './completions.js'
import type { ApiContext } from './context.js'
import type { CheckKey } from './keys.js'
import { getModel, listModels } from './models.js'
import { chatRequest, completionRequest, detokenizeRequest, tokenizeRequest } from './schemas.js'
import type { Route } from './sessions/route.js'
import { sessionRoutes } from './sessions/session-routes.js'
import { snapshotRoutes } from './sessions/snapshot-routes.js'
import { detokenize, tokenize } from './tokens.js'

export interface AppOptions {
  /** Throws for a request that may not be made. */
  readonly checkKey?: CheckKey
  /** False once the server takes no more requests. */
  readonly isReady: () => boolean
  /** Called with errors that were not foreseen; their clients learn nothing of them. */
  readonly onError: (error: unknown) => void
}

interface Post {
  readonly path: string
  readonly summary: string
  readonly schema: z.ZodType
  readonly handle: (context: ApiContext, body: unknown, signal: AbortSignal) => Response | Promise<Response>
}

const posts: readonly Post[] = [
  { path: '/v1/completions', summary: 'Continues texts', schema: completionRequest, handle: complete },
  { path: '/v1/chat/completions', summary: 'Answers a conversation', schema: chatRequest, handle: chat },
  { path: '/tokenize', summary: 'Token ids of a text', schema: tokenizeRequest, handle: tokenize },
  { path: '/detokenize', summary: 'The text of token ids', schema: detokenizeRequest, handle: detokenize },
]

const routes: readonly Route[] = [...sessionRoutes, ...snapshotRoutes]

export function createApp(context: ApiContext, { isReady, onError, checkKey }: AppOptions): OpenAPIHono {
  const app = new OpenAPIHono()
  app.use(async (c, next) => {
    checkKey?.(c.req.raw, c.req.path)
    await next()
  })
  const ready = () => (isReady() ? Response.json({ status: 'ready' }) : shuttingDown().response)
  app.get('/livez', () => Response.json({ status: 'alive' }))
  app.get('/readyz', ready)
  app.get('/v1/models', () => listModels(context))
  app.get('/v1/models/:id{.+}', (c) => getModel(context, c.req.param('id')))
  for (const { path, summary, schema, handle } of posts) {
    describePost(app, path, summary, schema)
    app.post(path, async (c) => {
      if (!isReady()) throw shuttingDown()
      return handle(context, await readJson(c.req.raw, context.limits.bodyBytes), c.req.raw.signal)
    })
  }
  for (const route of routes) {
    describeRoute(app, route)
    app.on(route.method, route.path, async (c) => {
      if (!isReady()) throw shuttingDown()
      const { raw } = c.req
      const body = route.schema ? await readJson(raw, context.limits.bodyBytes) : null
      const query = new URL(raw.url).searchParams
      return route.handle(context, { id: c.req.param('id') ?? '', query, body, request: raw, signal: raw.signal })
    })
  }
  const info = { title: 'RetNet', version: '1' }
  app.get('/openapi.json', (c) => c.json(app.getOpenAPI31Document({ openapi: '3.1.0', info })))
  app.notFound((c) => notFound(app, c).response)
  app.onError((error) => {
    const known = toApiError(error)
    if (known.code === 'internal_error') onError(error)
    return known.response
  })
  return app
}

function shuttingDown(): ApiError {
  return new ApiError(503, 'shutting_down', 'The server is shutting down.', null, { 'retry-after': '1' })
}

function notFound(app: OpenAPIHono, { req: { path } }: Context): ApiError {
  const methods = app.routes
    .filter((route) => pattern(route.path).test(path) && route.method !== 'ALL')
    .map((route) => route.method)
  if (methods.length === 0) return new ApiError(404, 'not_found', 'There is no such path.')
  const allow = [...new Set(methods)].join(', ')
  return new ApiError(405, 'method_not_allowed', `This path has ${allow} alone.`, null, { allow })
}

/** Parameters of a path are one word each. */
function pattern(path: string): RegExp {
  const words = path.split('/').map((word) => (word.startsWith(':') ? '[^/]+' : word.replaceAll('.', '\\.')))
  return new RegExp(`^${words.join('/')}$`)
}

function describeRoute(app: OpenAPIHono, { method, path, summary, schema }: Route): void {
  app.openAPIRegistry.registerPath({
    method,
    path: path.replace(':id', '{id}'),
    summary,
    request: {
      ...(path.includes(':id') && { params: z.object({ id: z.string() }) }),
      ...(schema && { body: { required: true, content: { 'application/json': { schema } } } }),
    },
    responses: { 200: { description: 'As the README of @retnet/serve tells.' } },
  })
}

function describePost(app: OpenAPIHono, path: string, summary: string, schema: z.ZodType): void {
  app.openAPIRegistry.registerPath({
    method: 'post',
    path,
    summary,
    request: { body: { required: true, content: { 'application/json': { schema } } } },
    responses: { 200: { description: 'As in the OpenAI API; a stream of events with stream: true.' } },
  })
}
