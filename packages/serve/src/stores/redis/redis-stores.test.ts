import { afterAll, beforeAll, describe, test } from 'vitest'
import { storeConformance } from '../conformance.js'
import type { Stores } from '../contract.js'
import { redisStores } from './redis-stores.js'
import { becomeCluster, redisBinary, slowed, startRedis, type TestRedis } from './testing.js'

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

  test.concurrent.each(conformance)('%s', (_name, run) => run())
})
