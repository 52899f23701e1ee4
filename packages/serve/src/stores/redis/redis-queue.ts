import { randomUUID } from 'node:crypto'
import { QueueFullError } from '../../errors.js'
import type { Bell } from '../common/bell.js'
import { closedError } from '../common/closed.js'
import type { Claim, ClaimOptions, QueueStatus, Work, WorkQueue } from '../contract.js'
import { ScopeBusyError } from '../errors.js'
import type { Keys } from './keys.js'
import { BURY, CLAIM, EXTEND, FIND, FINISH, GIVE_BACK, PARTS, PUSH, STATUS } from './queue-scripts.js'
import { type RedisLink, type Script, waitFor } from './redis-link.js'

/** Sorted sets rather than a consumer group: streams know neither priorities nor that a scope is busy. */
export class RedisQueue implements WorkQueue {
  readonly #link: RedisLink
  readonly #keys: Keys
  readonly #parts: readonly string[]
  readonly #agingMs: number
  readonly #bell: Bell
  #closed = false

  private constructor(link: RedisLink, keys: Keys, agingMs: number, bell: Bell) {
    link.join()
    this.#link = link
    this.#keys = keys
    this.#parts = PARTS.map((part) => keys.queue(part))
    this.#agingMs = agingMs
    this.#bell = bell
  }

  static async open(link: RedisLink, keys: Keys, agingMs: number): Promise<RedisQueue> {
    const { bell } = await link.hear(keys.work)
    return new RedisQueue(link, keys, agingMs, bell)
  }

  async push(work: Work, limit = Infinity): Promise<void> {
    const { id, scope, priority, body } = work
    const json = JSON.stringify({ id, scope, priority, body })
    const worth = priority * this.#agingMs
    const args = [scope, id, json, worth, limit === Infinity ? -1 : limit, this.#keys.work]
    const answer = await this.#run(PUSH, args)
    if (answer === 'busy') throw new ScopeBusyError(scope)
    if (answer === 'full') throw new QueueFullError(limit)
  }

  async claim({ idleMs, signal }: ClaimOptions): Promise<Claim | null> {
    for (;;) {
      if (signal?.aborted === true) return null
      const seen = this.#bell.rings
      const token = randomUUID()
      const answer = (await this.#run(CLAIM, [token, Math.ceil(idleMs)])) as [string, number] | [number]
      if (answer.length === 2) return this.#unless(signal, toClaim(answer, token))
      const [dueMs] = answer
      await waitFor(this.#bell, seen, signal, dueMs < 0 ? undefined : dueMs)
    }
  }

  async extend({ scope, token }: Claim): Promise<boolean> {
    return (await this.#run(EXTEND, [scope, token])) === 1
  }

  async finish({ scope, token }: Claim): Promise<void> {
    await this.#run(FINISH, [scope, token])
  }

  async giveBack({ scope, token }: Claim, delayMs = 0, counts = true): Promise<void> {
    await this.#run(GIVE_BACK, [scope, token, Math.ceil(delayMs), this.#keys.work, counts ? 0 : 1])
  }

  async bury({ scope, token }: Claim, reason: string): Promise<void> {
    await this.#run(BURY, [scope, token, reason])
  }

  async find(scope: string): Promise<string | null> {
    return (await this.#run(FIND, [scope])) as string | null
  }

  async status(): Promise<QueueStatus> {
    const [waiting, claimed, buried, oldestMs] = (await this.#run(STATUS, [])) as [number, number, number, number]
    return { waiting, claimed, buried, oldestMs }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#link.leave()
  }

  /** Nobody waits any more for what has come in this moment: another is to have it. */
  async #unless(signal: AbortSignal | undefined, claim: Claim): Promise<Claim | null> {
    if (signal?.aborted !== true) return claim
    await this.giveBack(claim, 0, false)
    return null
  }

  async #run(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    if (this.#closed) throw closedError('queue')
    return this.#link.run(script, this.#parts, args)
  }
}

function toClaim([json, deliveries]: [string, number], token: string): Claim {
  return { ...(JSON.parse(json) as Work), deliveries, token }
}
