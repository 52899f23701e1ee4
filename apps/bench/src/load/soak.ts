/**
 * Holds many sessions and lets turns of them run, as many at once as there are rows; some clients leave in the midst, some hardly read.
 * Reports errors, and how the memory of the server changes.
 */
import { Agent } from 'node:http'
import { randomFrom, someIds } from './schedule.ts'
import { type ServerProcess, metricsOf } from './server-process.ts'
import { slope } from './slope.ts'
import { stream } from './stream.ts'

export interface SoakOptions {
  readonly sessions: number
  /** Turns at the same time. */
  readonly turns: number
  readonly minutes: number
  readonly maxTokens: number
  /** Shares of turns. */
  readonly cancelled: number
  readonly slow: number
}

export interface SoakResult {
  turns: number
  tokens: number
  cancelled: number
  slow: number
  readonly problems: Record<string, number>
  /** Minutes, and bytes in RAM. */
  readonly memory: [number, number][]
  /** The longest that the event loop of the server was late between two looks, in seconds. */
  lagSeconds: number
}

const sampleMs = 5000
const slowPauseMs = 150
const agent = new Agent({ keepAlive: true, maxSockets: Infinity })

export async function soak(
  server: ServerProcess,
  options: SoakOptions,
  say: (line: string) => void,
): Promise<SoakResult> {
  const result: SoakResult = { turns: 0, tokens: 0, cancelled: 0, slow: 0, problems: {}, memory: [], lagSeconds: 0 }
  say(`making ${options.sessions} sessions ...`)
  const idle = await makeSessions(server, options.sessions)
  const began = performance.now()
  const minutes = () => (performance.now() - began) / 60_000
  const sampling = setInterval(() => void sample(server, result, minutes), sampleMs)
  const random = randomFrom(11)
  const runTurns = async () => {
    while (minutes() < options.minutes) {
      const [session] = idle.splice(Math.floor(random() * idle.length), 1)
      await turn(server, options, session, random, result)
      idle.push(session)
    }
  }
  say(`${options.turns} turns at once for ${options.minutes} minutes ...`)
  await Promise.all(Array.from({ length: options.turns }, runTurns))
  clearInterval(sampling)
  return result
}

async function makeSessions({ url, key }: ServerProcess, count: number): Promise<string[]> {
  const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) }
  const ids: string[] = []
  for (let at = 0; at < count; at++) {
    const body = JSON.stringify({ prompt: someIds(16, at) })
    const response = await fetch(`${url}/v1/sessions`, { method: 'POST', headers, body })
    const made = (await response.json()) as { id?: string }
    if (made.id === undefined) throw new Error(`POST /v1/sessions: ${response.status} ${JSON.stringify(made)}`)
    ids.push(made.id)
  }
  return ids
}

async function turn(
  { url, key }: ServerProcess,
  { maxTokens, cancelled, slow }: SoakOptions,
  session: string,
  random: () => number,
  result: SoakResult,
): Promise<void> {
  const [fate, when, seed] = [random(), 1 + Math.floor(random() * maxTokens * 0.9), Math.floor(random() * 1e6)]
  const leaves = fate < cancelled
  const isSlow = fate > 1 - slow
  const leaving = new AbortController()
  let seen = 0
  const onText = async () => {
    if (leaves && ++seen >= when) leaving.abort()
    if (isSlow) await new Promise((resolve) => setTimeout(resolve, slowPauseMs))
  }
  const body = { prompt: someIds(8, seed), session, max_tokens: maxTokens, seed, ignore_eos: true }
  const found = await stream({ url, agent, body, onText, signal: leaving.signal, ...(key !== undefined && { key }) })
  result.turns++
  result.tokens += found.tokens
  if (isSlow) result.slow++
  if (leaves && leaving.signal.aborted) result.cancelled++
  else if (found.problem !== null) result.problems[found.problem] = (result.problems[found.problem] ?? 0) + 1
}

async function sample(server: ServerProcess, result: SoakResult, minutes: () => number): Promise<void> {
  try {
    const metrics = await metricsOf(server)
    result.memory.push([minutes(), metrics.get('process_resident_memory_bytes') ?? NaN])
    result.lagSeconds = Math.max(result.lagSeconds, metrics.get('retnet_eventloop_lag_seconds') ?? 0)
  } catch (error) {
    const code = error instanceof Error ? error.name : 'unknown'
    result.problems[`metrics: ${code}`] = (result.problems[`metrics: ${code}`] ?? 0) + 1
  }
}

/** Of each sixth of the looks: memory that grows and is given back again moves the slope, but not these. */
function medians(memory: readonly [number, number][]): number[] {
  const parts = Array.from({ length: 6 }, (_, part) => {
    return memory.slice(Math.floor((part * memory.length) / 6), Math.floor(((part + 1) * memory.length) / 6))
  })
  return parts.map((part) => part.map(([, bytes]) => bytes).toSorted((a, b) => a - b)[part.length >> 1] ?? NaN)
}

/** The memory of the first third is still growing to its size: the slope is that of the rest. */
export function soakReport(result: SoakResult): string[] {
  const { turns, tokens, cancelled, slow, problems, memory, lagSeconds } = result
  const rest = memory.slice(Math.floor(memory.length / 3))
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
  const ends = [memory[0], memory.at(-1)].map((point) => (point ? megabytes(point[1]) : '?'))
  return [
    `turns ${turns}, tokens ${tokens}, cancelled ${cancelled}, slow readers ${slow}`,
    `errors ${JSON.stringify(problems)}`,
    `memory ${ends.join(' MB to ')} MB; slope over the last two thirds ${megabytes(slope(rest))} MB a minute (${rest.length} looks)`,
    `medians of its sixths ${medians(memory).map(megabytes).join(', ')} MB`,
    `event loop late by up to ${(lagSeconds * 1000).toFixed(0)} ms`,
  ]
}
