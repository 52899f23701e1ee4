/** Gateways and workers over a Redis, while streams are read and parts of it are killed, stopped and started again. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, RedisProcess } from './redis-process.ts'
import { type ReadText, readText, type TextRequest } from './resuming-stream.ts'
import { Supervised } from './supervised.ts'

export interface FaultOptions {
  /** Streams that are read side by side. */
  readonly streams: number
  readonly maxTokens: number
  /** SIGKILLs of a worker at random moments. */
  readonly workerKills: number
  /** SIGTERMs of a worker, which hands its texts over after a second. */
  readonly workerTerms: number
  readonly gatewayKills: number
  /** SIGSTOPs of a worker, for twice as long as its lease. */
  readonly freezes: number
  /** SIGKILLs of the Redis, which then starts again. */
  readonly redisKills: number
  /** Times that the Redis has no memory left, for a second. */
  readonly redisFull: number
  readonly rows: number
  readonly random: () => number
}

export interface FaultReport {
  readonly faults: Record<string, number>
  readonly streams: number
  readonly tokens: number
  /** Connections that were needed beyond one a stream. */
  readonly reconnects: number
  /** Starts of workers and gateways in place of those that were killed. */
  readonly restarts: number
  readonly problems: string[]
}

const FREEZE_MS = 10_000
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export async function runFaults(
  folder: string,
  options: FaultOptions,
  say: (line: string) => void,
): Promise<FaultReport> {
  await mkdir(join(folder, 'redis'), { recursive: true })
  await using redis = await RedisProcess.start(join(folder, 'redis'))
  const place = ['--redis', redis.url, '--states', join(folder, 'states')]
  const work = ['--role', 'worker', '--rows', String(options.rows), '--threads', '1', '--grace', '1']
  await using first = new Supervised(await freePort(), [...place, ...work])
  await using second = new Supervised(await freePort(), [...place, ...work])
  await using gateway = new Supervised(await freePort(), [...place, '--role', 'gateway'])
  await using other = new Supervised(await freePort(), [...place, '--role', 'gateway'])
  const [workers, gateways] = [
    [first, second],
    [gateway, other],
  ]
  await Promise.all([...workers, ...gateways].map((each) => each.ready()))
  const urls = gateways.map(({ url }) => url)
  const requests = requestsOf(options)
  say('each text once, without a fault ...')
  const expected = new Map<number, string>()
  for (const request of requests) expected.set(request.seed, (await readText(urls, request)).text)

  const report: FaultReport = { faults: {}, streams: 0, tokens: 0, reconnects: 0, restarts: 0, problems: [] }
  const totals = { ...report }
  const state = { over: false }
  const reading = requests.map(async (request) => {
    while (!state.over) {
      const found = await readText(urls, request).catch((error: Error) => error)
      count(totals, request, found, expected)
    }
  })
  const faults = planOf(options)
  for (const [at, kind] of faults.entries()) {
    await sleep(300 + options.random() * 1500)
    say(`${at + 1} of ${faults.length}: ${kind}; ${totals.streams} streams so far`)
    await inflict[kind]({ workers, gateways, redis, random: options.random })
    report.faults[kind] = (report.faults[kind] ?? 0) + 1
  }
  state.over = true
  await Promise.all(reading)
  const restarts = [...workers, ...gateways].reduce((sum, { starts }) => sum + starts - 1, 0)
  return { ...totals, faults: report.faults, restarts }
}

function requestsOf({ streams, maxTokens }: FaultOptions): TextRequest[] {
  return Array.from({ length: streams }, (_, seed) => {
    return { prompt: `It was a dark and stormy night, the ${seed}th of them`, max_tokens: maxTokens, seed }
  })
}

type Totals = { -readonly [Name in keyof FaultReport]: FaultReport[Name] }

function count(totals: Totals, { seed }: TextRequest, found: ReadText | Error, expected: Map<number, string>): void {
  totals.streams += 1
  if (found instanceof Error) return void totals.problems.push(`text ${seed}: ${found.message}`)
  totals.tokens += found.tokens
  totals.reconnects += found.connections - 1
  const want = expected.get(seed)!
  if (found.text === want) return
  let at = 0
  while (want[at] === found.text[at]) at += 1
  totals.problems.push(
    `text ${seed} is another from character ${at} on: ${JSON.stringify(found.text.slice(at, at + 40))}`,
  )
}

interface Parts {
  readonly workers: readonly Supervised[]
  readonly gateways: readonly Supervised[]
  readonly redis: RedisProcess
  readonly random: () => number
}

const inflict = {
  'SIGKILL of a worker': async ({ workers, random }: Parts) => {
    const worker = pick(workers, random)
    worker.send('SIGKILL')
    // the next one shall not find nobody at work each time
    await worker.ready()
  },
  'SIGTERM of a worker': async ({ workers, random }: Parts) => {
    const worker = pick(workers, random)
    await worker.end()
    await worker.ready()
  },
  'SIGKILL of a gateway': async ({ gateways, random }: Parts) => {
    const gateway = pick(gateways, random)
    gateway.send('SIGKILL')
    await gateway.ready()
  },
  'SIGSTOP of a worker': async ({ workers, random }: Parts) => {
    const worker = pick(workers, random)
    worker.send('SIGSTOP')
    await sleep(FREEZE_MS)
    worker.send('SIGCONT')
  },
  'SIGKILL of Redis': async ({ redis }: Parts) => {
    await redis.kill()
    await sleep(500)
    await redis.start()
  },
  'Redis without memory': async ({ redis }: Parts) => {
    redis.tell('CONFIG', 'SET', 'maxmemory', '1')
    await sleep(1000)
    redis.tell('CONFIG', 'SET', 'maxmemory', '0')
  },
}

type Kind = keyof typeof inflict

function pick<T>(all: readonly T[], random: () => number): T {
  return all[Math.floor(random() * all.length)]
}

/** All faults, in an order by chance. */
function planOf({
  workerKills,
  workerTerms,
  gatewayKills,
  freezes,
  redisKills,
  redisFull,
  random,
}: FaultOptions): Kind[] {
  const counts: [Kind, number][] = [
    ['SIGKILL of a worker', workerKills],
    ['SIGTERM of a worker', workerTerms],
    ['SIGKILL of a gateway', gatewayKills],
    ['SIGSTOP of a worker', freezes],
    ['SIGKILL of Redis', redisKills],
    ['Redis without memory', redisFull],
  ]
  const all = counts.flatMap(([kind, times]) => Array.from({ length: times }, () => ({ kind, order: random() })))
  return all.toSorted((a, b) => a.order - b.order).map(({ kind }) => kind)
}
