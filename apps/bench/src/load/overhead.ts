/** Tokens a second with all rows busy: of the bare engine, and of the server around it, in turns. */
import { resolve } from 'node:path'
import { cpu } from '@retnet/cpu'
import { loadCheckpoint, nodeFolder } from '@retnet/formats'
import { validateOptions } from '@retnet/generate'
import { Engine } from '@retnet/serve'
import { Tokenizer } from '@retnet/tokenizer'
import { table } from '../report.ts'
import { countTokens } from './count-tokens.ts'
import { someIds } from './schedule.ts'
import { type ServerProcess, metricsOf } from './server-process.ts'

export interface OverheadOptions {
  readonly rows: number
  readonly threads: number
  readonly seconds: number
  readonly repetitions: number
}

export interface Speed {
  readonly tokensPerSecond: number
  /** Of the processor, by the process that writes the texts; the clients are not in it. */
  readonly microsecondsPerToken: number
}

export interface OverheadResult {
  readonly bare: readonly Speed[]
  readonly served: readonly Speed[]
}

const folder = resolve(import.meta.dirname, '../../../../models/novels-7m')
const promptTokens = 32
const maxTokens = 60_000
/** Of each row, on average, before anything is timed. */
const settleTokens = 8
const settleMs = 1500

export async function overhead(
  server: ServerProcess,
  options: OverheadOptions,
  say: (line: string) => void,
): Promise<OverheadResult> {
  const result = { bare: [] as Speed[], served: [] as Speed[] }
  for (let turn = 1; turn <= options.repetitions; turn++) {
    say(`turn ${turn} of ${options.repetitions} ...`)
    result.bare.push(await bareSpeed(options))
    result.served.push(await servedSpeed(server, options))
  }
  return result
}

async function bareSpeed({ rows, threads, seconds }: OverheadOptions): Promise<Speed> {
  using backend = await cpu({ threads })
  using loaded = await loadCheckpoint(await nodeFolder(folder), { backend })
  const codec = Tokenizer.fromJson(loaded.tokenizerJson!)
  await loaded.model.prepare({ rows })
  using engine = await Engine.create(loaded.model, { rows })
  const { topP, topK, repetitionPenalty } = loaded.generation
  let tokens = 0
  const jobs = engine.submit(
    Array.from({ length: rows }, (_, seed) => {
      const settings = validateOptions(
        { maxTokens, seed, temperature: 1, topP, topK, repetitionPenalty },
        loaded.model.spec.vocabSize,
      )
      return { prompt: Int32Array.from(someIds(promptTokens, seed)), settings, codec }
    }),
  )
  const reading = jobs.map(async ({ events }) => {
    for await (const event of events) if (event.kind === 'token') tokens++
  })
  await settled(() => tokens, rows * settleTokens)
  await wait(settleMs)
  const begun = { tokens, at: performance.now(), used: process.cpuUsage() }
  await wait(seconds * 1000)
  const { user, system } = process.cpuUsage(begun.used)
  const done = tokens - begun.tokens
  const ms = performance.now() - begun.at
  for (const job of jobs) job.cancel()
  await Promise.all(reading)
  return { tokensPerSecond: (done / ms) * 1000, microsecondsPerToken: (user + system) / done }
}

async function servedSpeed(server: ServerProcess, { rows, seconds }: OverheadOptions): Promise<Speed> {
  const bodies = Array.from({ length: rows }, (_, seed) => {
    return { prompt: someIds(promptTokens, seed), max_tokens: maxTokens, seed, temperature: 1, ignore_eos: true }
  })
  const counting = countTokens({ ...server, bodies, ms: settleMs + seconds * 1000 + 500 })
  await counting.begun
  await wait(settleMs)
  const before = await look(server)
  await wait(seconds * 1000)
  const after = await look(server)
  const problem = await counting.ended
  if (problem) throw new Error(`a stream ended with ${problem}`)
  const done = after.tokens - before.tokens
  return {
    tokensPerSecond: (done / (after.at - before.at)) * 1000,
    microsecondsPerToken: ((after.seconds - before.seconds) * 1e6) / done,
  }
}

async function look(server: ServerProcess): Promise<{ tokens: number; seconds: number; at: number }> {
  const metrics = await metricsOf(server)
  const tokens = metrics.get('vllm:generation_tokens_total') ?? NaN
  return { tokens, seconds: metrics.get('process_cpu_seconds') ?? NaN, at: performance.now() }
}

export function overheadTable({ bare, served }: OverheadResult): string[] {
  const median = (speeds: readonly Speed[], name: keyof Speed) => {
    return speeds.map((speed) => speed[name]).sort((a, b) => a - b)[Math.floor(speeds.length / 2)]
  }
  const row = (name: string, speeds: readonly Speed[]) => {
    const all = speeds.map(({ tokensPerSecond }) => tokensPerSecond.toFixed(0)).join(', ')
    const [rate, cost] = [median(speeds, 'tokensPerSecond'), median(speeds, 'microsecondsPerToken')]
    const baseline = { rate: median(bare, 'tokensPerSecond'), cost: median(bare, 'microsecondsPerToken') }
    const percent = (ratio: number) => `${((ratio - 1) * 100).toFixed(1)} %`
    return [name, rate.toFixed(0), all, percent(baseline.rate / rate), cost.toFixed(1), percent(cost / baseline.cost)]
  }
  const head = ['all rows busy', 'tokens/s', 'of each turn', 'more time', 'us of processor a token', 'more processor']
  return table(head, [row('bare engine', bare), row('server', served)])
}

async function settled(count: () => number, least: number): Promise<void> {
  while (count() < least) await wait(50)
}

function wait(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}
