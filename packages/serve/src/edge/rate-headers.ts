/** Levels of budgets as the headers that clients of OpenAI read. */
import type { Level } from './rate-limiter.js'

export function rateHeaders(levels: readonly Level[]): Record<string, string> {
  const headers = levels.flatMap(({ kind, limit, remaining, resetMs }) => [
    [`x-ratelimit-limit-${kind}`, `${limit}`],
    [`x-ratelimit-remaining-${kind}`, `${remaining}`],
    ...(kind === 'texts' ? [] : [[`x-ratelimit-reset-${kind}`, duration(resetMs)]]),
  ])
  return Object.fromEntries(headers) as Record<string, string>
}

/** As in 6m0s, 1s or 20ms. */
function duration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`
  const seconds = Math.ceil(ms / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
