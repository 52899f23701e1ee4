/** Trying again after failures that may pass: how often, how long to wait, and what counts as such. */

export interface RetryPolicy {
  /** Failures in a row, without progress between them, before giving up. */
  readonly retries: number
  /** Wait before the first retry; it doubles with each one, up to 30 seconds. */
  readonly delayMs: number
}

const maxDelayMs = 30_000

/** A failure that may pass; `afterMs` is what the server asked to wait. */
export class PassingFailure extends Error {
  readonly afterMs: number | undefined

  constructor(message: string, options: { afterMs?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.afterMs = options.afterMs
  }
}

/** Statuses that say "not now" rather than "no". */
export function isPassingStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500
}

/** The wait that a `Retry-After` header asks for. */
export function retryAfterMs(headers: Headers, now = Date.now()): number | undefined {
  const text = headers.get('retry-after')
  if (text === null) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

/** Waits before retry number `failures`, with up to a quarter of jitter so that many clients do not return at once. */
export async function waitBeforeRetry(
  policy: RetryPolicy,
  failures: number,
  failure: PassingFailure,
  signal: AbortSignal | undefined,
): Promise<void> {
  const backoff = Math.min(policy.delayMs * 2 ** (failures - 1), maxDelayMs) * (1 - Math.random() / 4)
  await sleep(Math.min(failure.afterMs ?? backoff, maxDelayMs), signal)
}

/** Runs `attempt` until it succeeds, fails for good, or has failed too often. */
export async function withRetry<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      signal?.throwIfAborted()
      return await attempt()
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof PassingFailure) || failures > policy.retries) throw error
      await waitBeforeRetry(policy, failures, error, signal)
    }
  }
}

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal!.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
