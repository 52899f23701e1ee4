import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { storeConformance } from '../conformance.js'
import type { Stores } from '../contract.js'
import { redisStores } from './redis-stores.js'
import { becomeCluster, keysForEver, redisBinary, slowed, startRedis, type TestRedis } from './testing.js'

const SLOWER = 5

type Three = Omit<Stores, 'states'>

async function closeAll({ queue, leases, log }: Three): Promise<void> {
  for (const store of [queue, leases, log]) await store.close()
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe.skipIf(redisBinary === undefined)('with redis-server or valkey-server installed', () => {
  let redis: TestRedis
  let count = 0
  beforeAll(async () => {
    redis = await startRedis('--cluster-enabled', 'yes')
    await becomeCluster(redis.url)
  })
  afterAll(() => redis[Symbol.asyncDispose]())

  const conformance = storeConformance<Three>(async () => {
    count += 1
    const prefix = `test ${count}`
    const opened: Three[] = []
    const open = async (): Promise<Three> => {
      const stores = await redisStores({ url: redis.url, prefix, agingMs: 500 * SLOWER })
      opened.push(stores)
      return slowed(stores, SLOWER)
    }
    return {
      stores: await open(),
      pass: (ms) => sleep(ms * SLOWER),
      restart: open,
      beside: open,
      [Symbol.asyncDispose]: async () => {
        for (const stores of opened) await closeAll(stores)
      },
    }
  }, ['queue', 'leases', 'log'])

  test('nothing that is written stays for ever', async () => {
    const stores = await redisStores({ url: redis.url, prefix: 'expiry' })
    const lease = (await stores.leases.acquire('s', 60_000))!
    await stores.log.open('s', 'open', 1000)
    await stores.log.append(lease, 'one', 0, ['a'], { ttlMs: 1000 })
    await stores.log.append(lease, 'one', 1, ['b'], { ttlMs: 1000 })
    await stores.log.append(lease, 'two', 0, ['a'], { ttlMs: 1000, last: { keepMs: 1000 } })
    await stores.log.cancel('s', 'three')
    await stores.queue.push({ id: '1', scope: 's', priority: 0, body: null })
    await stores.queue.finish((await stores.queue.claim({ worker: 'a', idleMs: 1000 }))!)
    await closeAll(stores)
    const keys = await keysForEver(redis.url, 'expiry:*')
    expect(keys).toEqual([expect.stringMatching(/:seq$/)])
  })

  test.concurrent.each(conformance)('%s', (_name, run) => run())
})
