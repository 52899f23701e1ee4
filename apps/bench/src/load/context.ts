/** The time between tokens after a short and after a long text, in turns, of sessions that hold them. */
import { Agent } from 'node:http'
import { table } from '../report.ts'
import { someIds } from './schedule.ts'
import type { ServerProcess } from './server-process.ts'
import { stream } from './stream.ts'

export interface ContextOptions {
  readonly lengths: readonly number[]
  readonly repetitions: number
  readonly maxTokens: number
}

export interface ContextRow {
  readonly length: number
  /** Milliseconds between two tokens, of each repetition. */
  readonly times: readonly number[]
}

const agent = new Agent({ keepAlive: true })

export async function context(
  server: ServerProcess,
  options: ContextOptions,
  say: (line: string) => void,
): Promise<ContextRow[]> {
  const { lengths, repetitions, maxTokens } = options
  const rows: { length: number; session: string; times: number[] }[] = []
  for (const length of lengths) {
    say(`taking in ${length} tokens ...`)
    rows.push({ length, session: await makeSession(server, length), times: [] })
  }
  for (let turn = 0; turn < repetitions; turn++) {
    for (const { session, times } of rows) times.push(await timeOf(server, session, maxTokens, turn))
  }
  return rows
}

async function makeSession({ url, key }: ServerProcess, length: number): Promise<string> {
  const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) }
  const body = JSON.stringify({ prompt: someIds(length, 1) })
  const response = await fetch(`${url}/v1/sessions`, { method: 'POST', headers, body })
  const made = (await response.json()) as { id?: string; length?: number }
  if (made.id === undefined || made.length !== length)
    throw new Error(`no session: ${response.status} ${JSON.stringify(made)}`)
  return made.id
}

async function timeOf({ url, key }: ServerProcess, session: string, maxTokens: number, seed: number): Promise<number> {
  let first = NaN
  let last = NaN
  const onText = () => {
    last = performance.now()
    if (Number.isNaN(first)) first = last
  }
  const body = { session, prompt: someIds(4, seed), max_tokens: maxTokens, seed, ignore_eos: true }
  const { problem, tokens } = await stream({ url, agent, body, onText, ...(key !== undefined && { key }) })
  if (problem !== null) throw new Error(`a stream ended with ${problem}`)
  return (last - first) / (tokens - 1)
}

export function contextTable(rows: readonly ContextRow[]): string[] {
  const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
  const first = median(rows[0].times)
  return table(
    ['context, tokens', 'median ms between tokens', 'least', 'to the first'],
    rows.map(({ length, times }) => {
      const ratio = `${((median(times) / first - 1) * 100).toFixed(1)} %`
      return [String(length), median(times).toFixed(3), Math.min(...times).toFixed(3), ratio]
    }),
  )
}
