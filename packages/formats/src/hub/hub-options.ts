/** What can be said about a download, and its checked form with every default filled in. */
import { OptionError } from '../errors.js'
import type { Cache } from './cache.js'
import { defaultCache } from './default-cache.js'
import { nodeCache } from './node-cache.js'
import { parseRepository, type Repository } from './repository.js'
import type { RetryPolicy } from './retry.js'

export interface HubOptions {
  /** Branch, tag or commit. Default `main`. A full commit hash needs no network once it is in the cache. */
  readonly revision?: string | undefined
  /** Default `https://huggingface.co`. */
  readonly hubUrl?: string | undefined
  /** Sent to the hub only, never to the servers that it redirects to. */
  readonly accessToken?: string | undefined
  readonly fetch?: typeof fetch | undefined
  /** A cache, or the path of a folder in Node. */
  readonly cache?: Cache | string | undefined
  /** Use the cache only. Without it, the cache is used when the hub cannot be reached, and a progress event says so. */
  readonly offline?: boolean | undefined
  /** Compute the checksums of files that are in the cache already. */
  readonly verify?: boolean | undefined
  /** Failures in a row before giving up. Default 5. */
  readonly retries?: number | undefined
  /** Wait before the first retry, doubled each time. Default 500 ms. */
  readonly retryDelayMs?: number | undefined
  /** A connection that sends nothing for so long is tried again. Default 30,000 ms. */
  readonly stallMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: HubProgress) => void) | undefined
}

export type HubProgress = FileProgress | OfflineNotice

export interface FileProgress {
  /** `cached`: nothing had to be fetched. `verified`: the checksum is right and the file is in place. */
  readonly phase: 'cached' | 'download' | 'verified'
  readonly file: string
  /** Bytes of this file, counting those of an earlier attempt. */
  readonly loaded: number
  readonly total: number
  /** From 0. */
  readonly fileIndex: number
  readonly files: number
  /** Bytes of all files. */
  readonly overallLoaded: number
  readonly overallTotal: number
}

/** The hub could not be reached; the copy of this commit in the cache is used. The branch may have moved on since. */
export interface OfflineNotice {
  readonly phase: 'offline'
  readonly commit: string
  readonly reason: string
}

/** A request for a repository with every option decided. */
export interface HubRequest extends Repository {
  readonly cache: Cache
  readonly fetch: typeof fetch
  readonly offline: boolean
  readonly verify: boolean
  readonly retry: RetryPolicy
  readonly stallMs: number
  readonly signal: AbortSignal | undefined
  readonly report: (progress: HubProgress) => void
}

const known: ReadonlySet<string> = new Set<keyof HubOptions>([
  'revision',
  'hubUrl',
  'accessToken',
  'fetch',
  'cache',
  'offline',
  'verify',
  'retries',
  'retryDelayMs',
  'stallMs',
  'signal',
  'onProgress',
])

export async function hubRequest(repository: string, options: HubOptions): Promise<HubRequest> {
  const unknown = Object.keys(options).find((key) => !known.has(key))
  if (unknown !== undefined) throw new OptionError(unknown, 'is no option.', `Options are ${[...known].join(', ')}.`)
  const named = parseRepository(repository, options)
  const { cache } = options
  return {
    ...named,
    cache: typeof cache === 'string' ? await nodeCache(cache) : (cache ?? (await defaultCache())),
    fetch: authorized(options.fetch ?? fetch, named.hubUrl, options.accessToken),
    offline: options.offline ?? false,
    verify: options.verify ?? false,
    retry: {
      retries: count('retries', options.retries ?? 5, 0),
      delayMs: count('retryDelayMs', options.retryDelayMs ?? 500, 0),
    },
    stallMs: count('stallMs', options.stallMs ?? 30_000, 1),
    signal: options.signal,
    report: (progress) => options.onProgress?.(progress),
  }
}

/** Adds the token to requests to the hub itself. `fetch` drops it when it follows a redirect to another origin. */
function authorized(send: typeof fetch, hubUrl: string, accessToken: string | undefined): typeof fetch {
  // Not returned as it is: browsers refuse their own fetch when it is called as a method of another object.
  if (accessToken === undefined) return (input, init) => send(input, init)
  const { origin } = new URL(hubUrl)
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    if (new URL(url).origin !== origin) return send(input, init)
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${accessToken}`)
    return send(input, { ...init, headers })
  }
}

function count(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new OptionError(option, `expected an integer of at least ${least}, got ${value}.`)
}
