import { ServeArgumentError } from '../errors.js'

/** How long each part of a request may take, in milliseconds. Each has an error of its own. */
export interface Timeouts {
  /** Its headers, from the opening of the connection or the end of the request before it: 408. Default 15,000. */
  readonly headersMs: number
  /** Its body: 408 `body_timeout`. Default 60,000. */
  readonly bodyMs: number
  /** Until one of its texts has a row: 503 `queue_timeout`. Default 120,000. */
  readonly queueMs: number
  /** Until the first token, reading the prompt included: 504 `first_token_timeout`. Default 600,000. */
  readonly firstTokenMs: number
  /** Between tokens: 504 `idle_timeout`. Default 60,000. */
  readonly idleMs: number
  /** All of it: 504 `total_timeout`. Default 3,600,000. */
  readonly totalMs: number
  /** A connection without a request, before it is closed. Default 5,000. */
  readonly keepAliveMs: number
}

const defaults: Timeouts = {
  headersMs: 15_000,
  bodyMs: 60_000,
  queueMs: 120_000,
  firstTokenMs: 600_000,
  idleMs: 60_000,
  totalMs: 3_600_000,
  keepAliveMs: 5_000,
}
// what a timer of Node can wait
const most = 2 ** 31 - 1

export function validateTimeouts(given: Partial<Timeouts> = {}): Timeouts {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name)) {
      throw new ServeArgumentError('timeouts', `only names among ${Object.keys(defaults).join(', ')}`, name)
    }
    if (Number.isSafeInteger(value) && value >= 1 && value <= most) continue
    throw new ServeArgumentError(`timeouts.${name}`, `a whole number from 1 to ${most}`, value)
  }
  return { ...defaults, ...given }
}
