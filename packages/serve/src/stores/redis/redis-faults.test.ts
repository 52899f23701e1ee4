import { createClient } from '@redis/client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { collect } from '../conformance/bench.js'
import type { Lease, Stores } from '../contract.js'
import { redisStores } from './redis-stores.js'
import { redisBinary, startRedis, type TestRedis } from './testing.js'

type Three = Omit<Stores, 'states'>

const unavailable = { name: 'StoreError', problem: 'unavailable' }
const long = { ttlMs: 60_000 }
const work = { id: '1', scope: 's', priority: 0, body: null }

describe.skipIf(redisBinary === undefined)('with redis-server or valkey-server installed', () => {
  let redis: TestRedis
  let stores: Three
  let lease: Lease
  beforeEach(async () => {
    redis = await startRedis()
    stores = await redisStores({ url: redis.url, timeoutMs: 300, retryMs: 1000 })
    lease = (await stores.leases.acquire('s', 60_000))!
  })
  afterEach(async () => {
    for (const store of [stores.queue, stores.leases, stores.log]) await store.close()
    await redis[Symbol.asyncDispose]()
  })

  async function tell(...command: string[]): Promise<void> {
    const client = await createClient({ url: redis.url }).connect()
    await client.sendCommand(command)
    client.destroy()
  }

  test('a server that is killed and comes back has lost nothing, and who waits goes on', async () => {
    await stores.log.open('s', 't', 60_000)
    const following = collect(stores.log.follow('s', 't', 0))
    const claiming = stores.queue.claim({ worker: 'a', idleMs: 60_000 })
    const entries = Array.from({ length: 40 }, (_, index) => index)
    const writing = (async () => {
      for (const index of entries) await stores.log.append(lease, 't', index, [index], long)
    })()
    await redis.restart()
    await writing
    await redis.restart()
    const last = { ...long, last: { keepMs: 60_000 } }
    await stores.log.append(lease, 't', 40, ['end'], last)
    await stores.queue.push(work)
    expect((await claiming)?.id).toBe('1')
    expect(await following).toEqual([...entries, 'end'])
  })

  test('while the server is down every call fails in bounded time, and works afterwards', async () => {
    await stores.log.append(lease, 't', 0, ['a'], long)
    const waiting = stores.queue.claim({ worker: 'a', idleMs: 1000 })
    const told = expect(waiting).rejects.toMatchObject(unavailable)
    await redis.stop()
    const calls = [
      stores.queue.push(work),
      stores.queue.status(),
      stores.leases.acquire('other', 1000),
      stores.leases.renew(lease, 1000),
      stores.log.append(lease, 't', 1, ['b'], long),
      stores.log.read('s', 't'),
      collect(stores.log.follow('s', 't', 0)),
      stores.log.cancel('s', 't'),
    ]
    for (const call of await Promise.allSettled(calls))
      expect(call).toMatchObject({ status: 'rejected', reason: unavailable })
    await told
    await redis.start()
    expect((await stores.log.read('s', 't')).entries).toEqual(['a'])
    await stores.log.append(lease, 't', 1, ['b'], long)
  })

  test('a server that hangs is told, not waited for', async () => {
    redis.process.kill('SIGSTOP')
    const calls = [stores.queue.push(work), stores.log.append(lease, 't', 0, ['a'], long)]
    for (const call of await Promise.allSettled(calls))
      expect(call).toMatchObject({ status: 'rejected', reason: unavailable })
    redis.process.kill('SIGCONT')
    await stores.log.append(lease, 't', 0, ['a'], long)
    expect((await stores.log.read('s', 't')).entries).toEqual(['a'])
  })

  test('a server without memory left is full, what was there stays and can come to an end', async () => {
    await stores.log.append(lease, 't', 0, ['a'], long)
    await stores.queue.push({ ...work, scope: 'waiting' })
    await tell('CONFIG', 'SET', 'maxmemory', '1')
    await expect(stores.queue.push(work)).rejects.toMatchObject({ name: 'StoreError', problem: 'full' })
    await expect(stores.log.append(lease, 't', 1, ['b'], long)).rejects.toMatchObject({ problem: 'full' })
    expect((await stores.log.read('s', 't')).entries).toEqual(['a'])
    await stores.log.reached('s', 't', 1)
    await stores.log.cancel('s', 't')
    expect(await stores.log.append(lease, 't', 1, [], long)).toEqual({ reached: 1, cancelled: true })
    const claim = (await stores.queue.claim({ worker: 'a', idleMs: 1000 }))!
    await stores.queue.giveBack(claim)
    await stores.queue.finish((await stores.queue.claim({ worker: 'a', idleMs: 1000 }))!)
    await tell('CONFIG', 'SET', 'maxmemory', '0')
    await stores.log.append(lease, 't', 1, ['b'], long)
  })

  test('a server that has forgotten the scripts, or become a replica and back, is used on', async () => {
    await tell('SCRIPT', 'FLUSH')
    await stores.log.append(lease, 't', 0, ['a'], long)
    await tell('REPLICAOF', '127.0.0.1', '1')
    await expect(stores.log.append(lease, 't', 1, ['b'], long)).rejects.toMatchObject(unavailable)
    await tell('REPLICAOF', 'NO', 'ONE')
    await stores.log.append(lease, 't', 1, ['b'], long)
  })

  test('a wrong password and a server that is not there are told at the start', async () => {
    await tell('CONFIG', 'SET', 'requirepass', 'right')
    const url = redis.url.replace('//', '//:wrong@')
    await expect(redisStores({ url, timeoutMs: 300 })).rejects.toMatchObject(unavailable)
    await expect(redisStores({ url: 'redis://127.0.0.1:1', timeoutMs: 300 })).rejects.toMatchObject(unavailable)
  })
})
