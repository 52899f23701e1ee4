/** What a load generator has seen. Times are in microseconds, in histograms of three figures. */
import { type RecordableHistogram, createHistogram } from 'node:perf_hooks'

export interface Targets {
  readonly ttftMs: number
  /** Mean time between the tokens of a request. */
  readonly tpotMs: number
}

export interface Measured {
  readonly ttft: RecordableHistogram
  readonly gaps: RecordableHistogram
  readonly total: RecordableHistogram
  requests: number
  tokens: number
  /** Requests that met all targets. */
  good: number
  readonly problems: Record<string, number>
  /** Milliseconds from the beginning to the end of the last request. */
  lastMs: number
}

export function nothingMeasured(): Measured {
  const [ttft, gaps, total] = [1, 2, 3].map(() => createHistogram())
  return { ttft, gaps, total, requests: 0, tokens: 0, good: 0, problems: {}, lastMs: 0 }
}

export function record(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.max(1, Math.round(ms * 1000)))
}

export function add(to: Measured, more: Measured): void {
  for (const name of ['ttft', 'gaps', 'total'] as const) if (more[name].count > 0) to[name].add(more[name])
  for (const name of ['requests', 'tokens', 'good'] as const) to[name] += more[name]
  for (const [code, count] of Object.entries(more.problems)) to.problems[code] = (to.problems[code] ?? 0) + count
  to.lastMs = Math.max(to.lastMs, more.lastMs)
}

/** Milliseconds. */
export function percentile(histogram: RecordableHistogram, share: number): number {
  return histogram.count === 0 ? NaN : histogram.percentile(share) / 1000
}
