/** `npm run bench -- sweep | soak | overhead | context`: the server under load. Each starts its own server, or takes one with --url. */
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { context, contextTable } from './context.ts'
import { overhead, overheadTable } from './overhead.ts'
import { type ServerProcess, openServer } from './server-process.ts'
import { soak, soakReport } from './soak.ts'
import { sweep, sweepTable } from './sweep.ts'

export const modes = ['sweep', 'soak', 'overhead', 'context'] as const
export type Mode = (typeof modes)[number]

const options = {
  url: { type: 'string' },
  key: { type: 'string' },
  rows: { type: 'string', default: '64' },
  threads: { type: 'string' },
  rates: { type: 'string', default: '2,4,8,12,16,24,32' },
  seconds: { type: 'string' },
  'warm-up': { type: 'string', default: '5' },
  clients: { type: 'string', default: '1' },
  prompt: { type: 'string', default: '32-256' },
  output: { type: 'string', default: '64-192' },
  'ttft-ms': { type: 'string', default: '500' },
  'tpot-ms': { type: 'string', default: '50' },
  minutes: { type: 'string', default: '10' },
  sessions: { type: 'string', default: '1000' },
  'max-tokens': { type: 'string' },
  repetitions: { type: 'string', default: '5' },
  lengths: { type: 'string', default: '1000,100000' },
} as const

type Values = ReturnType<typeof read>

function read(args: readonly string[]) {
  return parseArgs({ args: [...args], options }).values
}

/** Exit code 1 if the server failed at something. */
export async function runLoad(mode: Mode, args: readonly string[]): Promise<number> {
  const values = read(args)
  const say = (line: string) => process.stderr.write(`bench: ${line}\n`)
  const data = await mkdtemp(join(tmpdir(), 'retnet-bench-'))
  try {
    await using server = await openServer({
      ...given(values),
      args: serverArgs(mode, values, data),
      asInImage: mode === 'soak',
    })
    const load = loadavg()[0]
    const { lines, failed } = await run[mode](server, values, say)
    const machine = `${cpus()[0].model.trim()}, ${cpus().length} cores, load ${load.toFixed(1)} at the start, Node ${process.versions.node}`
    process.stdout.write(`${[`${mode} of novels-7m on ${machine}`, '', ...lines].join('\n')}\n`)
    return failed ? 1 : 0
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}

interface Outcome {
  readonly lines: readonly string[]
  readonly failed: boolean
}

const run: Record<Mode, (server: ServerProcess, values: Values, say: (line: string) => void) => Promise<Outcome>> = {
  async sweep(server, values, say) {
    const targets = { ttftMs: Number(values['ttft-ms']), tpotMs: Number(values['tpot-ms']) }
    const rows = await sweep(
      server,
      {
        rates: values.rates.split(',').map(Number),
        seconds: Number(values.seconds ?? 30),
        warmUpSeconds: Number(values['warm-up']),
        threads: Number(values.clients),
        prompt: rangeOf(values.prompt),
        output: rangeOf(values.output),
        targets,
      },
      say,
    )
    const problems = rows.filter(({ measured }) => Object.keys(measured.problems).length > 0)
    const told = problems.map(({ rate, measured }) => `failed at ${rate}/s: ${JSON.stringify(measured.problems)}`)
    return { lines: [...sweepTable(rows, targets), ...told], failed: false }
  },
  async soak(server, values, say) {
    const result = await soak(
      server,
      {
        sessions: Number(values.sessions),
        turns: Number(values.rows),
        minutes: Number(values.minutes),
        maxTokens: Number(values['max-tokens'] ?? 400),
        cancelled: 0.1,
        slow: 0.01,
      },
      say,
    )
    return { lines: soakReport(result), failed: Object.keys(result.problems).length > 0 }
  },
  async overhead(server, values, say) {
    const { rows, seconds, repetitions } = values
    const threads = threadsOf(values)
    const ask = { rows: Number(rows), threads, seconds: Number(seconds ?? 10), repetitions: Number(repetitions) }
    return { lines: overheadTable(await overhead(server, ask, say)), failed: false }
  },
  async context(server, values, say) {
    const lengths = values.lengths.split(',').map(Number)
    const ask = { lengths, repetitions: Number(values.repetitions) * 2, maxTokens: Number(values['max-tokens'] ?? 256) }
    return { lines: contextTable(await context(server, ask, say)), failed: false }
  },
}

function given({ url, key }: Values): { url?: string; key?: string } {
  return { ...(url !== undefined && { url }), ...(key !== undefined && { key }) }
}

/** Sessions live on a disk: a thousand of them with a few revisions each are more than a machine may have in RAM. */
function serverArgs(mode: Mode, values: Values, data: string): string[] {
  const rows = mode === 'context' ? '1' : values.rows
  const keepsSessions = mode === 'soak' || mode === 'context'
  const threads = mode === 'overhead' || values.threads !== undefined ? ['--threads', String(threadsOf(values))] : []
  // a cache that fills up for as long as the run takes would look like a leak
  const cache = mode === 'soak' ? ['--prefix-cache', '16'] : []
  return ['--rows', rows, '--queue', '4096', ...threads, ...cache, ...(keepsSessions ? ['--data', data] : [])]
}

function threadsOf({ threads }: Values): number {
  return Number(threads ?? cpus().length)
}

function rangeOf(text: string): [number, number] {
  const [least, most = least] = text.split('-').map(Number)
  return [least, most]
}
