/** The flags of `retnet serve` that say who may ask, for how much, for how long, and what is told of it. */
import { readFile } from 'node:fs/promises'
import type { Access, LogLevel, RateLimits, ServeOptions, Timeouts } from '@retnet/serve'
import { type Command, Option } from 'commander'
import { CommandError } from '../errors.js'
import type { Io } from '../io.js'
import { wholeNumber } from '../options/numbers.js'
import { someText } from '../options/some-text.js'
import { logWriter } from './log-writer.js'

export interface EdgeOptions {
  readonly keys?: string
  readonly corsOrigin?: readonly string[]
  readonly trustProxy?: readonly string[]
  readonly publicMetrics?: boolean
  readonly limitRequests?: number
  readonly limitTokens?: number
  readonly limitTexts?: number
  readonly maxConnections?: number
  readonly headerTimeout?: number
  readonly bodyTimeout?: number
  readonly queueTimeout?: number
  readonly firstTokenTimeout?: number
  readonly idleTimeout?: number
  readonly totalTimeout?: number
  readonly logLevel: LogLevel
}

const levels = ['debug', 'info', 'warn', 'error', 'silent']
const seconds = wholeNumber(1, 1_000_000)

export function addEdgeOptions(command: Command): Command {
  return command
    .optionsGroup('Access:')
    .option('--keys <file>', 'keys with tenants, roles and limits, as JSON; see Keys below', someText)
    .option('--limit-requests <n>', 'requests a minute of one address, where there are no keys', wholeNumber(1))
    .option('--limit-tokens <n>', 'tokens a minute of one address, where there are no keys', wholeNumber(1))
    .option('--limit-texts <n>', 'texts at once of one address, where there are no keys', wholeNumber(1))
    .option(
      '--trust-proxy <address>',
      'believe the X-Forwarded-For of this address or network; may be repeated',
      collect,
    )
    .option('--cors-origin <origin>', 'let pages of this origin read the answers; may be repeated', collect)
    .option('--public-metrics', '/metrics needs no key')
    .option('--max-connections <n>', 'connections at once; more are closed (default: 4096)', wholeNumber(1, 1_000_000))
    .optionsGroup('Timeouts, each with an error of its own:')
    .option('--header-timeout <seconds>', 'for the headers of a request to arrive (default: 15)', seconds)
    .option('--body-timeout <seconds>', 'for the body of a request to arrive (default: 60)', seconds)
    .option('--queue-timeout <seconds>', 'for a row to be free (default: 120)', seconds)
    .option('--first-token-timeout <seconds>', 'for the first token (default: 600)', seconds)
    .option('--idle-timeout <seconds>', 'between two tokens (default: 60)', seconds)
    .option('--total-timeout <seconds>', 'for all of a request (default: 3600)', seconds)
    .optionsGroup('Logs:')
    .addOption(
      new Option('--log-level <level>', 'one line of JSON a request to stderr, or plain words in a terminal')
        .choices(levels)
        .default('info'),
    )
}

export const edgeHelp = `
Keys: without any, everybody who reaches the server may ask. With keys, requests need authorization: Bearer KEY;
the pages, /livez and /readyz do not. RETNET_API_KEYS=KEY,KEY in the environment is for users without limits;
--keys FILE (or RETNET_KEYS_FILE) can say more:
  {"keys": [{"name": "ci", "tenant": "acme", "sha256": "HEX",
             "limits": {"requestsPerMinute": 60, "tokensPerMinute": 9000, "texts": 4}},
            {"name": "ops", "tenant": "ops", "role": "admin", "key": "PLAIN-KEY-OF-16-OR-MORE"}],
   "tenants": {"acme": {"tokensPerMinute": 20000}}}
printf %s KEY | sha256sum makes the HEX of a key. /admin/status needs the key of an administrator, and so does
/metrics where there is one.
`

/** Options for `serve` of @retnet/serve. */
export async function readEdgeOptions(io: Io, options: EdgeOptions): Promise<Partial<ServeOptions>> {
  const { createLogger } = await import('@retnet/serve')
  const access = await readKeys(options.keys ?? io.env.RETNET_KEYS_FILE)
  const anonymousLimits = ratesOf(options)
  return {
    apiKeys: keysOf(io),
    timeouts: timeoutsOf(options),
    logger: createLogger({ level: options.logLevel, write: logWriter(io.stderr) }),
    ...(access && { access }),
    ...(anonymousLimits && { anonymousLimits }),
    ...(options.corsOrigin && { corsOrigins: options.corsOrigin }),
    ...(options.trustProxy && { trustedProxies: options.trustProxy }),
    ...(io.env.RETNET_DEBUG === '1' && { onError: (error: unknown) => io.stderr.write(`${stackOf(error)}\n`) }),
    ...(options.publicMetrics && { publicMetrics: true }),
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

async function readKeys(file: string | undefined): Promise<Access | null> {
  if (file === undefined || file === '') return null
  const { readAccess } = await import('@retnet/serve')
  // reading a folder fails without its name
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw Object.assign(error, { path: file })
  })
  try {
    return readAccess(JSON.parse(text))
  } catch (cause) {
    // what JSON.parse says quotes the file, and keys with it
    const message =
      cause instanceof SyntaxError ? 'it is not JSON.' : (cause as Error).message.replace(/^access[.:]? ?/, '')
    throw new CommandError(`${file}: ${message}`, 'retnet serve --help shows the form of a key file.')
  }
}

function ratesOf({ limitRequests, limitTokens, limitTexts }: EdgeOptions): RateLimits | null {
  const rates = {
    ...(limitRequests && { requestsPerMinute: limitRequests }),
    ...(limitTokens && { tokensPerMinute: limitTokens }),
    ...(limitTexts && { texts: limitTexts }),
  }
  return Object.keys(rates).length === 0 ? null : rates
}

function timeoutsOf(options: EdgeOptions): Partial<Timeouts> {
  const { headerTimeout, bodyTimeout, queueTimeout, firstTokenTimeout, idleTimeout, totalTimeout } = options
  const all = {
    headersMs: headerTimeout,
    bodyMs: bodyTimeout,
    queueMs: queueTimeout,
    firstTokenMs: firstTokenTimeout,
    idleMs: idleTimeout,
    totalMs: totalTimeout,
  }
  const given = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value * 1000]]))
  return Object.fromEntries(given) as Partial<Timeouts>
}

/** From the environment: other users of the machine can read the arguments of a process. */
function keysOf({ env }: Io): string[] {
  return (env.RETNET_API_KEYS ?? '').split(',').flatMap((key) => (key.trim() === '' ? [] : [key.trim()]))
}

function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}
