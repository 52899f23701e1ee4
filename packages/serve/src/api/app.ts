/** The routes, as a function from a Request to a Response. It listens to nothing. */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { z } from 'zod'
import { type EdgeEnv, type EdgeOptions, createAnswerHeaders, createEntrance } from '../edge/edge.js'
import { type ReadLimits, readJson } from '../http/read-json.js'
import type { Metrics } from '../observe/metrics.js'
import { adminStatus } from './admin.js'
import { ApiError, toApiError } from './api-error.js'
import type { ApiContext, ServerContext } from './context.js'
import { getModel, listModels } from './models.js'
import { type RouteWords, describe, openApiDocument, registerSecurity } from './openapi.js'
import { readPages } from './pages.js'
import { gets, posts } from './routes.js'
import type { Route } from './sessions/route.js'
import { sessionRoutes } from './sessions/session-routes.js'
import { snapshotRoutes } from './sessions/snapshot-routes.js'
import { streamRoutes } from './streams/stream-routes.js'

export interface AppOptions {
  readonly edge: EdgeOptions
  readonly metrics: Metrics
  /** False once the server takes no more requests. */
  readonly isReady: () => boolean
  /** Called with errors that were not foreseen; their clients learn nothing of them. */
  readonly onError: (error: unknown) => void
  /** Of a worker: nothing is asked of it but how it is. */
  readonly isWatchedOnly?: boolean
}

export interface Post extends Omit<RouteWords, 'method' | 'request'> {
  readonly request: z.ZodType
  readonly handle: (context: ApiContext, body: unknown, signal: AbortSignal) => Response | Promise<Response>
}

const routes: readonly Route[] = [...sessionRoutes, ...snapshotRoutes, ...streamRoutes]

export type App = OpenAPIHono<EdgeEnv>

export function createApp(
  context: ServerContext,
  { edge, metrics, isReady, onError, isWatchedOnly = false }: AppOptions,
): App {
  const app: App = new OpenAPIHono<EdgeEnv>()
  app.use(createAnswerHeaders(edge), createEntrance(edge))
  registerSecurity(app)
  const ready = () => {
    if (!isReady()) return shuttingDown().response
    return context.isUp() ? Response.json({ status: 'ready' }) : engineDown().response
  }
  app.get('/livez', () => Response.json({ status: 'alive' }))
  app.get('/readyz', ready)
  app.get(
    '/metrics',
    async () => new Response(await metrics.text(), { headers: { 'content-type': metrics.contentType } }),
  )
  app.get('/admin/status', () => adminStatus(context, isReady() && context.isUp()))
  app.get('/v1/models', () => listModels(context))
  app.get('/v1/models/:id{.+}', (c) => getModel(context, c.req.param('id')))
  for (const { handle, ...words } of isWatchedOnly ? [] : posts) {
    describe(app, { ...words, method: 'post' })
    app.post(words.path, async (c) => {
      if (!isReady()) throw shuttingDown()
      const own = { ...context, scope: c.get('scope') }
      return handle(own, await readJson(c.req.raw, readLimits(context)), c.req.raw.signal)
    })
  }
  for (const route of routes) {
    describe(app, wordsOf(route))
    app.on(route.method, route.path, async (c) => {
      if (!isReady()) throw shuttingDown()
      const { raw } = c.req
      const body = route.schema ? await readJson(raw, readLimits(context)) : null
      const query = new URL(raw.url).searchParams
      const own = { ...context, scope: c.get('scope') }
      return route.handle(own, { id: c.req.param('id') ?? '', query, body, request: raw, signal: raw.signal })
    })
  }
  for (const words of gets) describe(app, words)
  for (const [path, answer] of isWatchedOnly ? [] : readPages()) app.get(path, answer)
  app.get('/openapi.json', () => Response.json(openApiDocument(app)))
  app.notFound((c) => told(c, notFound(app, c)))
  app.onError((error, c) => {
    const known = toApiError(error)
    if (known.code === 'internal_error') onError(error)
    return told(c, known)
  })
  return app
}

/** The answer, and the record of it. */
function told(c: Context<EdgeEnv>, error: ApiError): Response {
  if (c.env?.record) c.env.record.errorCode = error.code
  return error.response
}

function readLimits({ limits, timeouts }: ServerContext): ReadLimits {
  return { maxBytes: limits.bodyBytes, bodyMs: timeouts.bodyMs }
}

function engineDown(): ApiError {
  const message = 'The engine has failed, and is started again. Texts wait for it.'
  return new ApiError(503, 'engine_down', message, null, { 'retry-after': '5' })
}

function shuttingDown(): ApiError {
  return new ApiError(503, 'shutting_down', 'The server is shutting down.', null, { 'retry-after': '1' })
}

function notFound(app: App, { req: { path } }: Context): ApiError {
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

function wordsOf({ schema, ...route }: Route): RouteWords {
  const words = { ...route, path: route.path.replace(':id', '{id}'), errors: [404, 409, 503] }
  return schema ? { ...words, request: schema } : words
}
