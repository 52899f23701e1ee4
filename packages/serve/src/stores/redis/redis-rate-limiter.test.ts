import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RateLimiter } from '../../edge/rate-limiter.js'
import { redisRateLimiter } from './redis-rate-limiter.js'
import { becomeCluster, redisBinary, startRedis, type TestRedis } from './testing.js'

const textsMs = 900

describe.skipIf(redisBinary === undefined)('with redis-server or valkey-server installed', () => {
  let redis: TestRedis
  let gateways: RateLimiter[]
  beforeAll(async () => {
    redis = await startRedis('--cluster-enabled', 'yes')
    await becomeCluster(redis.url)
    gateways = await Promise.all([1, 2].map(() => redisRateLimiter({ url: redis.url, textsMs })))
  })
  afterAll(async () => {
    for (const gateway of gateways) await gateway.close()
    await redis[Symbol.asyncDispose]()
  })
  const one = { requests: 1, tokens: 0, texts: 0 }

  test('row 82: two gateways together let no more through than the limit and what has been filled up', async () => {
    const budgets = [{ id: 'key:a', requestsPerMinute: 30 }]
    const began = performance.now()
    const all = await Promise.all(Array.from({ length: 200 }, (_, at) => gateways[at % 2].take(budgets, one, `${at}`)))
    const filled = ((performance.now() - began) / 60_000) * 30
    const taken = all.filter(({ missing }) => missing === null).length
    expect(taken).toBeGreaterThanOrEqual(30)
    expect(taken).toBeLessThanOrEqual(30 + Math.ceil(filled))
    const refused = all.find(({ missing }) => missing !== null)!
    expect(refused.missing).toMatchObject({ kind: 'requests', retryMs: expect.closeTo(2000, -3) })
    expect(refused.levels).toMatchObject([{ kind: 'requests', limit: 30, remaining: 0 }])
    expect(refused.levels[0].resetMs).toBeGreaterThan(50_000)
  })

  test('nothing is taken from one budget if another has too little', async () => {
    const budgets = [
      { id: 'key:b', requestsPerMinute: 5, tokensPerMinute: 100 },
      { id: 'tenant:b', requestsPerMinute: 1 },
    ]
    const first = await gateways[0].take(budgets, { ...one, tokens: 40 }, 'x')
    expect(first.missing).toBeNull()
    expect(first.levels).toMatchObject([
      { kind: 'requests', limit: 1, remaining: 0 },
      { kind: 'tokens', limit: 100, remaining: 60 },
    ])
    expect((await gateways[1].take(budgets, { ...one, tokens: 40 }, 'y')).missing?.kind).toBe('requests')
    await gateways[0].giveBack(budgets, { requests: 0, tokens: 30, texts: 0 }, 'x')
    const tokens = { requests: 0, tokens: 90, texts: 0 }
    expect((await gateways[1].take(budgets, tokens, 'z')).missing).toBeNull()
    expect((await gateways[1].take(budgets, tokens, 'z')).missing?.kind).toBe('tokens')
  })

  test('texts end when they are given back', async () => {
    const budgets = [{ id: 'key:c', texts: 3 }]
    const two = { requests: 0, tokens: 0, texts: 2 }
    const take = async (id: string, at = 0) => (await gateways[at].take(budgets, two, id)).missing
    expect(await take('x')).toBeNull()
    expect(await take('y', 1)).toEqual({ kind: 'texts', retryMs: 1000 })
    await gateways[0].giveBack(budgets, two, 'x')
    expect(await take('y', 1)).toBeNull()
    expect(await take('z')).toEqual({ kind: 'texts', retryMs: 1000 })
  })

  // the clock of the server goes on while a busy machine lets this process wait: what fails for that reason does not fail again
  test('texts of a gateway that has died are free soon; those of one that lives are held', { retry: 2 }, async () => {
    const budgets = [
      { id: `key:${randomUUID()}`, texts: 3 },
      { id: 'tenant:d', texts: 100 },
    ]
    const dying = await redisRateLimiter({ url: redis.url, textsMs })
    const take = async (gateway: RateLimiter, texts: number) =>
      (await gateway.take(budgets, { requests: 0, tokens: 0, texts }, randomUUID())).missing?.kind ?? null
    expect(await take(gateways[0], 2)).toBeNull()
    expect(await take(dying, 1)).toBeNull()
    expect(await take(gateways[1], 1)).toBe('texts')
    await dying.close()
    await expect.poll(() => take(gateways[1], 1), { timeout: 20 * textsMs }).toBeNull()
    // those of the first are older, and would be free by now
    expect(await take(gateways[1], 1)).toBe('texts')
  })
})
