/**
 * One line a request. All of its fields are numbers, or words of this server and of its configuration: nothing that a request spells but its
 * checked id gets into a log, and so no text, no key, no line end and no escape sequence.
 */
import { publicPaths } from '../edge/public-paths.js'
import type { Logger } from './logger.js'
import type { RequestRecord } from './request-record.js'

export function logRequest(logger: Logger, record: RequestRecord): void {
  const level =
    record.status >= 500 && record.status !== 503 ? 'error' : publicPaths.has(record.route) ? 'debug' : 'info'
  logger[level](fieldsOf(record), 'request')
}

function fieldsOf(record: RequestRecord): object {
  const { id, method, route, status, tenant, key, errorCode, isComplete, generation } = record
  return {
    request_id: id,
    method,
    route,
    status,
    ...(tenant !== null && { tenant, key }),
    ...(errorCode !== null && { error: errorCode }),
    ...(!isComplete && { client_gone: true }),
    total_ms: tenths(record.totalMs),
    ...(generation && {
      model: generation.model,
      stream: record.isStream,
      ...(record.queueMs !== null && { queue_ms: tenths(record.queueMs) }),
      ...(record.firstTokenMs !== null && { ttft_ms: tenths(record.firstTokenMs) }),
      prompt_tokens: generation.promptTokens,
      cached_tokens: record.cachedTokens,
      completion_tokens: record.completionTokens,
      finish_reasons: record.outcomes,
    }),
  }
}

/** An error that was not foreseen: where it happened. What it says may quote the text of a request, and is left out. */
export function logFailure(logger: Logger, error: unknown): void {
  const { name = typeof error, stack = '' } = error instanceof Error ? error : {}
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  logger.error({ error: name, at: frames.slice(0, 10).map((frame) => frame.trim()) }, 'unforeseen error')
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
