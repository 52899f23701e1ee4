/** What every request passes before its route: pages of other origins, its key, its share. */
import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { RequestScope } from '../api/context.js'
import { RequestRecord } from '../observe/request-record.js'
import { Admission } from './admission.js'
import { type Caller, nobody } from './caller.js'
import type { Cors } from './cors.js'
import type { Keys } from './keys.js'
import { publicPaths } from './public-paths.js'
import { rateHeaders } from './rate-headers.js'
import type { Budget, RateLimiter } from './rate-limiter.js'

/** What the server hands over with a request; without a server there is none. */
export interface Bindings {
  readonly record?: RequestRecord
  readonly hangUp?: () => void
  /** Of the client, as far as it can be known. */
  readonly address?: string
}

export interface EdgeEnv {
  Bindings: Bindings
  Variables: { readonly scope: RequestScope }
}

export interface EdgeOptions {
  readonly keys: Keys
  readonly limiter: RateLimiter
  /** Of a client without a key, by its address. */
  readonly anonymousBudget: ((address: string) => Budget) | null
  readonly cors: Cors | null
  /** /metrics needs no key. */
  readonly publicMetrics: boolean
}

/** Headers of every answer, and the whole answer to a preflight. */
export function createAnswerHeaders({ cors }: EdgeOptions): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const preflight = cors?.preflight(c.req.raw)
    if (preflight) return preflight
    await next()
    const levels = (c.get('scope') as RequestScope | undefined)?.admission.levels ?? []
    const headers = { ...cors?.headersOf(c.req.raw), ...rateHeaders(levels) }
    for (const [name, value] of Object.entries(headers)) c.header(name, value)
    return undefined
  }
}

/** Finds out who asks, and throws if they may not. */
export function createEntrance(options: EdgeOptions): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const record = c.env?.record ?? new RequestRecord('none', c.req.method)
    record.route = routeOf(c)
    const scope = scopeOf(options, c, record)
    c.set('scope', scope)
    record.onEnd(() => void scope.admission.end(record.tokens))
    if (isMetered(c.req.path)) await scope.admission.enter()
    await next()
  }
}

function scopeOf(options: EdgeOptions, c: Context<EdgeEnv>, record: RequestRecord): RequestScope {
  const { keys, limiter, publicMetrics } = options
  const { path } = c.req
  const isPublic = publicPaths.has(path) || (publicMetrics && path === '/metrics')
  const caller = isPublic ? nobody : keys.callerOf(c.req.header('authorization') ?? null)
  if (!isPublic) requireRole(keys, caller, path)
  if (keys.hasKeys && !isPublic) Object.assign(record, { tenant: caller.tenant, key: caller.key })
  return {
    caller,
    record,
    hangUp: c.env?.hangUp ?? (() => {}),
    admission: new Admission(limiter, budgetsOf(options, caller, c)),
  }
}

function requireRole(keys: Keys, caller: Caller, path: string): void {
  if (path === '/admin' || path.startsWith('/admin/')) keys.requireAdmin(caller)
  // it tells of all tenants
  if (path === '/metrics' && keys.hasAdmins) keys.requireAdmin(caller)
}

function budgetsOf({ keys, anonymousBudget }: EdgeOptions, caller: Caller, c: Context<EdgeEnv>): readonly Budget[] {
  if (keys.hasKeys || anonymousBudget === null) return caller.budgets
  return [anonymousBudget(c.env?.address ?? 'unknown')]
}

/** Health checks and those who watch over the server are not counted. */
function isMetered(path: string): boolean {
  return !publicPaths.has(path) && path !== '/metrics' && !path.startsWith('/admin/')
}

/** The pattern of the route, so that there are only so many. */
function routeOf(c: Context): string {
  const route = matchedRoutes(c).find(({ method, path }) => method !== 'ALL' && path !== '*')
  return route?.path ?? 'none'
}
