import type { Stores } from '../contract.js'
import { AGING_MS } from '../memory/memory-queue.js'
import { Keys } from './keys.js'
import { RedisLeases } from './redis-leases.js'
import { RedisLink } from './redis-link.js'
import { RedisLog } from './redis-log.js'
import { RedisQueue } from './redis-queue.js'

export interface RedisStoresOptions {
  /** `redis[s]://[[username][:password]@][host][:port][/db-number]` */
  readonly url: string
  /** What all keys begin with. Default `retnet`. */
  readonly prefix?: string
  /** Of this model's work; workers take from one queue. Default `default`. */
  readonly queue?: string
  /** Milliseconds of waiting that count as one more of priority; default 10,000. */
  readonly agingMs?: number
  /** Milliseconds that one answer may take, and the first connection; default 2,000. */
  readonly timeoutMs?: number
  /** Milliseconds that a lost server may take to come back before calls fail; default 5,000. */
  readonly retryMs?: number
}

/**
 * Queue, leases and logs in Redis 7 or Valkey, for gateways and workers on many machines. Times are those of the server. States belong
 * elsewhere: a large value stops everyone. Throws StoreError('unavailable') if the server does not answer.
 */
export async function redisStores(options: RedisStoresOptions): Promise<Omit<Stores, 'states'>> {
  const { url, prefix = 'retnet', queue = 'default', agingMs = AGING_MS, timeoutMs = 2000, retryMs = 5000 } = options
  const link = await RedisLink.open({ url, connectTimeoutMs: timeoutMs, timeoutMs, retryMs })
  const keys = new Keys(prefix, queue)
  return {
    queue: await RedisQueue.open(link, keys, agingMs),
    leases: new RedisLeases(link, keys),
    log: await RedisLog.open(link, keys),
  }
}
