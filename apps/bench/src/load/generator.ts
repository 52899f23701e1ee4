/** A thread that sends its share of the requests, each when it is due, whatever has become of those before it. */
import { Agent } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'
import { type Measured, type Targets, nothingMeasured, record } from './measured.ts'
import { type Arrival, someIds } from './schedule.ts'
import { stream } from './stream.ts'

export interface Share {
  readonly url: string
  readonly key?: string
  readonly arrivals: readonly Arrival[]
  /** Milliseconds since 1970 of the beginning. */
  readonly startsAt: number
  /** Arrivals before it are sent, and not counted. */
  readonly warmUpMs: number
  readonly targets: Targets
}

const agent = new Agent({ keepAlive: true, maxSockets: Infinity })

async function send(
  { url, key, startsAt, warmUpMs, targets }: Share,
  arrival: Arrival,
  measured: Measured,
): Promise<void> {
  const { promptTokens, maxTokens, seed, at } = arrival
  const body = { prompt: someIds(promptTokens, seed), max_tokens: maxTokens, seed, ignore_eos: true }
  const elapsed = () => performance.timeOrigin + performance.now() - startsAt
  // from when it was due: a generator or a server that is late must not look fast
  let ttftMs = NaN
  let last = NaN
  const counts = at >= warmUpMs
  const onText = () => {
    const now = elapsed()
    if (Number.isNaN(ttftMs)) ttftMs = now - at
    else if (counts) record(measured.gaps, now - last)
    last = now
  }
  const { problem, tokens } = await stream({ url, agent, body, onText, ...(key !== undefined && { key }) })
  const end = elapsed()
  if (!counts) return
  measured.requests++
  measured.tokens += tokens
  measured.lastMs = Math.max(measured.lastMs, end)
  if (problem !== null) {
    measured.problems[problem] = (measured.problems[problem] ?? 0) + 1
    return
  }
  record(measured.ttft, ttftMs)
  record(measured.total, end - at)
  const tpotMs = tokens > 1 ? (end - at - ttftMs) / (tokens - 1) : 0
  if (ttftMs <= targets.ttftMs && tpotMs <= targets.tpotMs) measured.good++
}

async function run(share: Share): Promise<Measured> {
  const measured = nothingMeasured()
  const sent: Promise<void>[] = []
  for (const arrival of share.arrivals) {
    const wait = share.startsAt + arrival.at - performance.timeOrigin - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    sent.push(send(share, arrival, measured))
  }
  await Promise.all(sent)
  return measured
}

parentPort!.postMessage(await run(workerData as Share))
