/** Offers requests at rising rates, and reports at each how many met their targets, and how long they took. */
import { table } from '../report.ts'
import { generateLoad } from './generate-load.ts'
import { type Measured, type Targets, percentile } from './measured.ts'
import { schedule } from './schedule.ts'
import type { ServerProcess } from './server-process.ts'

export interface SweepOptions {
  readonly rates: readonly number[]
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly threads: number
  readonly prompt: readonly [number, number]
  readonly output: readonly [number, number]
  readonly targets: Targets
}

export interface SweepRow {
  readonly rate: number
  readonly seconds: number
  readonly measured: Measured
}

export async function sweep(
  { url, key }: ServerProcess,
  options: SweepOptions,
  say: (line: string) => void,
): Promise<SweepRow[]> {
  const { rates, seconds, warmUpSeconds, threads, prompt, output, targets } = options
  const rows: SweepRow[] = []
  for (const rate of rates) {
    say(`${rate} requests/s for ${seconds} s, after ${warmUpSeconds} s to warm up ...`)
    const arrivals = schedule({ rate, seconds: warmUpSeconds + seconds, seed: 7, prompt, output })
    const load = { url, arrivals, warmUpMs: warmUpSeconds * 1000, targets, ...(key !== undefined && { key }) }
    const measured = await generateLoad(load, threads)
    rows.push({ rate, seconds: measured.lastMs / 1000 - warmUpSeconds, measured })
  }
  return rows
}

const shares = [50, 90, 99] as const

export function sweepTable(rows: readonly SweepRow[], { ttftMs, tpotMs }: Targets): string[] {
  const quantiles = (name: string) => shares.map((share) => `${name} p${share} ms`)
  const head = ['offered/s', 'done/s', `good/s (TTFT ${ttftMs} ms, TPOT ${tpotMs} ms)`, 'failed', 'tokens/s']
  return table(
    [...head, ...quantiles('TTFT'), ...quantiles('inter-token'), ...quantiles('total')],
    rows.map(({ rate, seconds, measured }) => {
      const failed = Object.values(measured.problems).reduce((sum, count) => sum + count, 0)
      const perSecond = (count: number) => (count / seconds).toFixed(1)
      const times = [measured.ttft, measured.gaps, measured.total].flatMap((histogram) => {
        return shares.map((share) => percentile(histogram, share).toFixed(1))
      })
      const counts = [perSecond(measured.requests - failed), perSecond(measured.good), String(failed)]
      return [String(rate), ...counts, perSecond(measured.tokens), ...times]
    }),
  )
}
