import { randomUUID } from 'node:crypto'
import { closedError } from '../common/closed.js'
import type { Lease, LeaseStore } from '../contract.js'
import type { Keys } from './keys.js'
import { type RedisLink, alwaysScript } from './redis-link.js'

/**
 * An epoch is at least the time of the server in microseconds: it grows even if the counter was lost with a failover. Asking again with
 * the same token gets the same lease, so that a lost answer does no harm.
 */
const ACQUIRE = alwaysScript(`
  local lease, counter = KEYS[1], KEYS[2]
  local token, ttl = ARGV[1], ARGV[2]
  local held = redis.call('HMGET', lease, 'token', 'epoch')
  if held[1] == token then return held[2] end
  if held[1] then return false end
  local time = redis.call('TIME')
  local epoch = math.max(time[1] * 1000000 + time[2], (tonumber(redis.call('GET', counter)) or 0) + 1)
  local text = string.format('%.0f', epoch)
  redis.call('SET', counter, text, 'EX', 86400)
  redis.call('HSET', lease, 'token', token, 'epoch', text)
  redis.call('PEXPIRE', lease, ttl)
  return text
`)

const RENEW = alwaysScript(`
  local held = redis.call('HMGET', KEYS[1], 'token', 'epoch')
  if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return 1
`)

const RELEASE = alwaysScript(`
  local held = redis.call('HMGET', KEYS[1], 'token', 'epoch')
  if held[1] == ARGV[1] and held[2] == ARGV[2] then redis.call('DEL', KEYS[1]) end
  return 1
`)

/** Leases that run out by the clock of the server. */
export class RedisLeases implements LeaseStore {
  readonly #link: RedisLink
  readonly #keys: Keys
  #closed = false

  constructor(link: RedisLink, keys: Keys) {
    link.join()
    this.#link = link
    this.#keys = keys
  }

  async acquire(scope: string, ttlMs: number): Promise<Lease | null> {
    const token = randomUUID()
    const keys = [this.#keys.lease(scope), this.#keys.epoch(scope)]
    const epoch = await this.#live().run(ACQUIRE, keys, [token, Math.ceil(ttlMs)])
    return epoch === null ? null : { scope, epoch: Number(epoch), token }
  }

  async renew({ scope, epoch, token }: Lease, ttlMs: number): Promise<boolean> {
    return (await this.#live().run(RENEW, [this.#keys.lease(scope)], [token, epoch, Math.ceil(ttlMs)])) === 1
  }

  async release({ scope, epoch, token }: Lease): Promise<void> {
    await this.#live().run(RELEASE, [this.#keys.lease(scope)], [token, epoch])
  }

  async close(): Promise<void> {
    if (!this.#closed) this.#link.leave()
    this.#closed = true
  }

  #live(): RedisLink {
    if (this.#closed) throw closedError('lease store')
    return this.#link
  }
}
