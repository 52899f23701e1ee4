/** The server as a process runs it: a socket with limits around the routes, and an orderly end. */
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApiError } from './api/api-error.js'
import { createApp } from './api/app.js'
import { type Limits, validateLimits } from './api/limits.js'
import type { ModelFacts } from './api/context.js'
import type { ServedModel } from './api/served-model.js'
import { type Timeouts, validateTimeouts } from './api/timeouts.js'
import { type Access, type RateLimits, accessOf, readAccess, readRates } from './edge/access.js'
import { createClientAddress, networkOf } from './edge/client-address.js'
import { createCors } from './edge/cors.js'
import type { EdgeOptions } from './edge/edge.js'
import { createKeys } from './edge/keys.js'
import { MemoryRateLimiter } from './edge/memory-rate-limiter.js'
import type { RateLimiter } from './edge/rate-limiter.js'
import { publishModel } from './cluster/model-record.js'
import type { Engine } from './engine/engine.js'
import type { TextEngine } from './engine/text-engine.js'
import { EngineClosedError, ServeArgumentError } from './errors.js'
import { type RequestEnv, createLimitedServer } from './http/limited-server.js'
import type { Logger } from './observe/logger.js'
import { createMetrics } from './observe/metrics.js'
import { createObserver } from './observe/observer.js'
import { logFailure } from './observe/request-log.js'
import { openTracing } from './observe/tracing.js'
import { type Service, type ServiceOptions, createService } from './service.js'
import type { Stores } from './stores/contract.js'

export interface ServeOptions {
  /**
   * For this server alone: with the server it takes no more requests. The caller disposes of it. Null for a gateway, whose turns are
   * written by workers that share its `stores`.
   */
  readonly engine: Engine | TextEngine | null
  /** `worker`: no requests are taken, but for those of whoever watches over it; it writes what gateways put in the `stores`. */
  readonly role?: 'all' | 'worker'
  /** Of the workers' model, for a gateway: `findModel`. */
  readonly facts?: ModelFacts
  readonly model: ServedModel
  /** What outlives requests. Default: `memoryStores()`. The caller closes them. */
  readonly stores?: Stores
  /** Default 127.0.0.1: this machine alone. */
  readonly host?: string
  /** 0 takes a free one. Default 8080. */
  readonly port?: number
  /** Names that a request may give as its Host. Default on a loopback address: its names; else all. */
  readonly allowedHosts?: readonly string[]
  readonly limits?: Partial<Limits>
  readonly timeouts?: Partial<Timeouts>
  /** Bearer keys of users, who have one tenant and no rate limits. Default: none, and everybody may ask if there is no `access` either. */
  readonly apiKeys?: readonly string[]
  /** Sign and check the files of snapshots: the first one signs, all are believed. With keys, files without a signature are refused. */
  readonly snapshotKeys?: readonly string[]
  /** Drawn tokens between the places from which another worker can take a long text over. Default: none are kept. */
  readonly checkpointTokens?: number
  /** Keys with tenants, roles and rate limits. */
  readonly access?: Access
  /** Rate limits of each address, where there are no keys. Default: none. */
  readonly anonymousLimits?: RateLimits
  /** Where requests are counted against their limits. Default: in this process. */
  readonly rateLimiter?: RateLimiter
  /** Addresses and networks whose X-Forwarded-For is believed. Default: none. */
  readonly trustedProxies?: readonly string[]
  /** Origins whose pages may read the answers, such as https://app.example.com. Default: none. */
  readonly corsOrigins?: readonly string[]
  /** Whether /metrics answers without a key. Default false; without keys it always does. */
  readonly publicMetrics?: boolean
  /** Gets one line a request. Default: none is written. */
  readonly logger?: Logger
  readonly onError?: (error: unknown) => void
}

export interface RunningServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Takes no more requests, lets what is running end for up to `graceMs`, cuts off the rest, and closes. */
  close(graceMs?: number): Promise<void>
}

const names = (
  'engine role facts model stores host port allowedHosts limits timeouts apiKeys access anonymousLimits rateLimiter trustedProxies corsOrigins ' +
  'publicMetrics logger snapshotKeys checkpointTokens onError'
).split(' ')
const loopback = ['localhost', '127.0.0.1', '[::1]']

/** Resolves when the port is open. Throws ServeArgumentError, or what the system says of the address. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new ServeArgumentError('options', `only names among ${names.join(', ')}`, unknown)
  const { engine, model, host = '127.0.0.1', port = 8080, onError = () => {} } = options
  const isLoopback = loopback.includes(host) || host === '::1'
  const allowedHosts = options.allowedHosts?.map(hostName) ?? (isLoopback ? loopback : null)
  let ready = true
  const { logger = null, rateLimiter = new MemoryRateLimiter() } = options
  const report = (error: unknown) => {
    if (logger) logFailure(logger, error)
    onError(error)
  }
  const timeouts = validateTimeouts(options.timeouts)
  const limits = validateLimits(options.limits)
  const edge = edgeOf(options, rateLimiter)
  const metrics = createMetrics(model.id, () => service)
  const service = await openService(options, limits, { onError: report, meter: metrics.turns })
  const observer = createObserver({ metrics, logger, tracing: await openTracing() })
  const context = { ...service, served: model, limits, timeouts, created: seconds() }
  const app = createApp(context, {
    edge,
    metrics,
    isReady: () => ready,
    onError: report,
    isWatchedOnly: options.role === 'worker',
  })
  const addressOf = createClientAddress(options.trustedProxies ?? [])
  const handle = (request: Request, { record, incoming, hangUp }: RequestEnv) => {
    const wrong = hostError(request, allowedHosts)
    record.errorCode = wrong?.code ?? null
    const forwardedFor = request.headers.get('x-forwarded-for')
    const address = addressOf({ remoteAddress: incoming.socket.remoteAddress, forwardedFor })
    return wrong?.response ?? app.fetch(request, { record, address, hangUp })
  }
  const server = createLimitedServer({
    timeouts,
    connections: limits.connections,
    handle,
    onRequest: (...both) => observer.begin(...both),
  })
  await listen(server, host, port)
  const { port: bound } = server.address() as AddressInfo
  const close = async (graceMs = 30_000) => {
    ready = false
    await within(service.turns.idle(), graceMs)
    service.turns.abort(new EngineClosedError())
    await service.worker?.stop(options.role === 'worker' ? graceMs : 0)
    await service.sweeper?.stop()
    engine?.abort()
    await end(server)
    metrics.close()
    await rateLimiter.close()
  }
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
  return { url, port: bound, close, [Symbol.asyncDispose]: () => close(0) }
}

async function openService(
  { engine, facts, stores, model, snapshotKeys, checkpointTokens }: ServeOptions,
  limits: Limits,
  watchers: Pick<ServiceOptions, 'onError' | 'meter'>,
): Promise<Service> {
  if (engine === null && !(facts && stores)) {
    throw new ServeArgumentError('engine', 'an engine, or facts and stores for a gateway', engine)
  }
  const given = {
    ...(facts && { facts }),
    ...(stores && { stores }),
    ...(snapshotKeys && { snapshotKeys }),
    ...(checkpointTokens && { checkpointTokens }),
  }
  const service = createService({ engine, served: model, limits, ...watchers, ...given })
  if (engine && stores) await publishModel(stores.states, model.id, service.model)
  return service
}

function edgeOf(options: ServeOptions, limiter: RateLimiter): EdgeOptions {
  const { access, apiKeys = [], anonymousLimits, corsOrigins = [], publicMetrics = false } = options
  const { keys, tenants } = access ? readAccess(access) : { keys: [], tenants: {} }
  const rates = anonymousLimits && readRates(anonymousLimits)
  return {
    keys: createKeys({ keys: [...keys, ...accessOf(apiKeys)], tenants }),
    limiter,
    anonymousBudget: rates ? (address) => ({ id: `address:${networkOf(address)}`, ...rates }) : null,
    cors: createCors(corsOrigins),
    publicMetrics,
  }
}

function seconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** A page of another site can make its name point here, and would be let in without this. */
function hostError(request: Request, allowed: readonly string[] | null): ApiError | null {
  const { hostname } = new URL(request.url)
  if (allowed === null || allowed.includes(hostname)) return null
  return new ApiError(421, 'wrong_host', 'This server does not answer to that host name.')
}

/** As a URL spells it. */
function hostName(name: string): string {
  const url = `http://${name}/`
  if (URL.canParse(url) && new URL(url).hostname === name.toLowerCase()) return name.toLowerCase()
  throw new ServeArgumentError('allowedHosts', 'names without scheme and port, such as app.example.com', name)
}

function listen(server: HttpServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}

/** Lets responses that are complete go out, and no others. */
async function end(server: HttpServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const cut = setTimeout(() => server.closeAllConnections(), 1000)
  await closed
  clearTimeout(cut)
}
