/** The server as a process runs it: a socket with limits around the routes, and an orderly end. */
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApiError } from './api/api-error.js'
import { createApp } from './api/app.js'
import { createKeyCheck } from './api/keys.js'
import { type Limits, validateLimits } from './api/limits.js'
import type { ServedModel } from './api/served-model.js'
import type { Engine } from './engine/engine.js'
import { EngineClosedError, ServeArgumentError } from './errors.js'
import { createLimitedServer } from './http/limited-server.js'
import { createService } from './service.js'
import type { Stores } from './stores/contract.js'

export interface ServeOptions {
  /** For this server alone: with the server it takes no more requests. The caller disposes of it. */
  readonly engine: Engine
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
  /** Bearer keys, one of which a request must have. Default: none, and everybody may ask. */
  readonly apiKeys?: readonly string[]
  /** Sign and check the files of snapshots: the first one signs, all are believed. With keys, files without a signature are refused. */
  readonly snapshotKeys?: readonly string[]
  /** Drawn tokens between the places from which another worker can take a long text over. Default: none are kept. */
  readonly checkpointTokens?: number
  readonly onError?: (error: unknown) => void
}

export interface RunningServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Takes no more requests, lets what is running end for up to `graceMs`, cuts off the rest, and closes. */
  close(graceMs?: number): Promise<void>
}

const names = 'engine model stores host port allowedHosts limits apiKeys snapshotKeys checkpointTokens onError'.split(
  ' ',
)
const loopback = ['localhost', '127.0.0.1', '[::1]']

/** Resolves when the port is open. Throws ServeArgumentError, or what the system says of the address. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new ServeArgumentError('options', `only names among ${names.join(', ')}`, unknown)
  const { engine, model, host = '127.0.0.1', port = 8080, onError = () => {} } = options
  const isLoopback = loopback.includes(host) || host === '::1'
  const allowedHosts = options.allowedHosts ?? (isLoopback ? loopback : null)
  let ready = true
  const limits = validateLimits(options.limits)
  const service = createService({
    engine,
    served: model,
    limits,
    onError,
    ...(options.stores && { stores: options.stores }),
    ...(options.snapshotKeys && { snapshotKeys: options.snapshotKeys }),
    ...(options.checkpointTokens && { checkpointTokens: options.checkpointTokens }),
  })
  const { turns, sessions, model: facts } = service
  const context = { turns, sessions, model: facts, served: model, limits, created: seconds() }
  const checkKey = createKeyCheck(options.apiKeys ?? [])
  const app = createApp(context, { isReady: () => ready, onError, checkKey })
  const server = createLimitedServer((request) => hostError(request, allowedHosts)?.response ?? app.fetch(request))
  await listen(server, host, port)
  const { port: bound } = server.address() as AddressInfo
  const close = async (graceMs = 30_000) => {
    ready = false
    await within(service.turns.idle(), graceMs)
    service.turns.abort(new EngineClosedError())
    await service.worker.stop()
    await service.sweeper.stop()
    engine.abort()
    await end(server)
  }
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
  return { url, port: bound, close, [Symbol.asyncDispose]: () => close(0) }
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
