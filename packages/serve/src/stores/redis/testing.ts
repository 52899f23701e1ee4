import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import type { Stores } from '../contract.js'

const installed = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0)

/** The server that tests start: what RETNET_REDIS_SERVER names, else Redis or Valkey, whichever is installed; undefined if neither is. */
export const redisBinary = process.env.RETNET_REDIS_SERVER ?? installed

export interface TestRedis extends AsyncDisposable {
  readonly url: string
  readonly process: ChildProcess
  /** Ends it as told and starts it again on the same files. */
  restart(signal?: NodeJS.Signals): Promise<void>
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** A server of its own on a free port, with every write on the disk before it is answered. */
export async function startRedis(...options: readonly string[]): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'retnet-redis-'))
  const port = await freePort()
  let child: ChildProcess = await spawnRedis(folder, port, options)
  const stop = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
  }
  const start = async (): Promise<void> => {
    child = await spawnRedis(folder, port, options)
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    get process() {
      return child
    },
    stop,
    start,
    async restart(signal) {
      await stop(signal)
      await start()
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function spawnRedis(folder: string, port: number, options: readonly string[]): Promise<ChildProcess> {
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '']
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always']
  const child = spawn(redisBinary!, [...fixed, ...durable, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (output.includes('Ready to accept connections')) break
  }
  if (child.exitCode !== null) throw new Error(`${redisBinary} ended: ${output}`)
  return child
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** Makes a server started with `--cluster-enabled yes` a whole cluster: there, a script whose keys are not together fails. */
export async function becomeCluster(url: string): Promise<void> {
  const client = await createClient({ url }).connect()
  await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383'])
  while (!(await client.sendCommand<string>(['CLUSTER', 'INFO'])).includes('cluster_state:ok'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  client.destroy()
}

/** The keys that do not run out. */
export async function keysForEver(url: string, pattern: string): Promise<string[]> {
  const client = await createClient({ url }).connect()
  const keys = await client.keys(pattern)
  const times = await Promise.all(keys.map((key) => client.pTTL(key)))
  client.destroy()
  return keys.filter((_, at) => times[at] === -1)
}

/** Stores for which every duration is `times` as long: the clock of a server cannot be turned, and a busy machine is late. */
export function slowed({ queue, leases, log }: Omit<Stores, 'states'>, times: number): Omit<Stores, 'states'> {
  return {
    queue: {
      push: (work, limit) => queue.push(work, limit),
      claim: (options) => queue.claim({ ...options, idleMs: options.idleMs * times }),
      extend: (claim) => queue.extend(claim),
      finish: (claim) => queue.finish(claim),
      giveBack: (claim, delayMs = 0, counts = true) => queue.giveBack(claim, delayMs * times, counts),
      bury: (claim, reason) => queue.bury(claim, reason),
      find: (scope) => queue.find(scope),
      status: () => queue.status(),
      close: () => queue.close(),
    },
    leases: {
      acquire: (scope, ttlMs) => leases.acquire(scope, ttlMs * times),
      renew: (lease, ttlMs) => leases.renew(lease, ttlMs * times),
      release: (lease) => leases.release(lease),
      close: () => leases.close(),
    },
    log: {
      open: (scope, turn, ttlMs) => log.open(scope, turn, ttlMs * times),
      append(lease, turn, index, entries, { ttlMs, last }) {
        const kept = last && { last: { keepMs: last.keepMs * times } }
        return log.append(lease, turn, index, entries, { ttlMs: ttlMs * times, ...kept })
      },
      read: (scope, turn, from) => log.read(scope, turn, from),
      follow: (scope, turn, from, signal) => log.follow(scope, turn, from, signal),
      reached: (scope, turn, index) => log.reached(scope, turn, index),
      cancel: (scope, turn) => log.cancel(scope, turn),
      onCancel: (callback) => log.onCancel(callback),
      close: () => log.close(),
    },
  }
}
