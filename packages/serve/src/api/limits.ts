import { ServeArgumentError } from '../errors.js'

/** What a request may ask for. All of it is checked before the request costs anything. */
export interface Limits {
  /** Bytes of a body. Default 4 MiB. */
  readonly bodyBytes: number
  /** Tokens of a prompt. Default 1,000,000. */
  readonly promptTokens: number
  /** Most `max_tokens`. Default 65,536. */
  readonly maxTokens: number
  /** `n`. Default 16. */
  readonly n: number
  /** Texts that one request begins: prompts times `n`. Default 64. */
  readonly choices: number
  /** Requests that may wait to be begun. Default 256. */
  readonly queue: number
  /** Messages of a conversation. Default 1,024. */
  readonly messages: number
  /** Connections at the same time; more are closed as they come. Default 4,096. */
  readonly connections: number
  /** Sessions of a tenant, forks among them. Default 10,000. */
  readonly sessions: number
  /** Snapshots of a tenant. Default 10,000. */
  readonly snapshots: number
  /** Bytes of the states of a tenant. Default 16 GiB. */
  readonly sessionBytes: number
  /** Files of snapshots that are being read at the same time, each with its bytes in memory. Default 16. */
  readonly exports: number
  /** Milliseconds that a resumable stream is kept after its end. Default 300,000. */
  readonly resumeMs: number
  /** Milliseconds that a stream waits for its reader before it gives up. Default 30,000. */
  readonly readerMs: number
  /** Milliseconds of silence after which a stream sends a comment. Default 15,000. */
  readonly pingMs: number
}

const defaults: Limits = {
  bodyBytes: 4 * 1024 * 1024,
  promptTokens: 1_000_000,
  maxTokens: 65_536,
  n: 16,
  choices: 64,
  queue: 256,
  messages: 1024,
  connections: 4096,
  sessions: 10_000,
  snapshots: 10_000,
  sessionBytes: 16 * 1024 ** 3,
  exports: 16,
  resumeMs: 300_000,
  readerMs: 30_000,
  pingMs: 15_000,
}

export function validateLimits(given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name)) {
      throw new ServeArgumentError('limits', `only names among ${Object.keys(defaults).join(', ')}`, name)
    }
    const least = name === 'queue' ? 0 : 1
    if (Number.isSafeInteger(value) && value >= least) continue
    throw new ServeArgumentError(`limits.${name}`, `a whole number of at least ${least}`, value)
  }
  return { ...defaults, ...given }
}
