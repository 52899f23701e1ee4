import assert from 'node:assert/strict'
import type { Stores, WorkQueue } from '../contract.js'
import { type Bench, type Check, throws, waits, work } from './bench.js'

type Queue = Pick<Stores, 'queue'>

const mine = { worker: 'a', idleMs: 200 }
const other = { worker: 'b', idleMs: 200 }

/** The id of what comes, which may take a busy machine its time. */
async function claimNow(queue: WorkQueue, options = mine): Promise<string | undefined> {
  const claim = await queue.claim({ ...options, signal: AbortSignal.timeout(10_000) })
  return claim?.id
}

async function claimNothing(queue: WorkQueue, options = mine): Promise<void> {
  assert.equal(await queue.claim({ ...options, signal: AbortSignal.timeout(150) }), null)
}

const check = (name: string, run: (queue: WorkQueue, bench: Bench<Queue>) => Promise<void>): Check<Queue> => ({
  name,
  run: (bench) => run(bench.stores.queue, bench),
})

export const queueChecks: readonly Check<Queue>[] = [
  check('what is pushed is claimed whole, once', async (queue) => {
    await queue.push(work('1', { body: { text: 'é\u0000\u2028', list: [1, null, { deep: [true] }] }, priority: 2 }))
    const claim = await queue.claim(mine)
    assert.deepEqual(
      { ...claim, token: '' },
      {
        ...work('1', { body: { text: 'é\u0000\u2028', list: [1, null, { deep: [true] }] }, priority: 2 }),
        deliveries: 1,
        token: '',
      },
    )
    await claimNothing(queue, other)
  }),
  check('the oldest comes first', async (queue) => {
    for (const id of ['1', '2', '3']) await queue.push(work(id))
    assert.deepEqual([await claimNow(queue), await claimNow(queue), await claimNow(queue)], ['1', '2', '3'])
  }),
  check('a higher priority comes first', async (queue) => {
    await queue.push(work('low', { priority: -1 }))
    await queue.push(work('middle'))
    await queue.push(work('high', { priority: 5 }))
    assert.deepEqual([await claimNow(queue), await claimNow(queue), await claimNow(queue)], ['high', 'middle', 'low'])
  }),
  check('waiting makes up for priority: an aging of 500 ms', async (queue, bench) => {
    await queue.push(work('old'))
    await bench.pass(600)
    await queue.push(work('urgent', { priority: 1 }))
    await queue.push(work('very urgent', { priority: 3 }))
    assert.deepEqual(
      [await claimNow(queue), await claimNow(queue), await claimNow(queue)],
      ['very urgent', 'old', 'urgent'],
    )
  }),
  check('a claim waits for work', async (queue) => {
    const claim = await waits(queue.claim(mine), () => queue.push(work('1')))
    assert.equal(claim?.id, '1')
  }),
  check('of two who wait one gets it', async (queue, bench) => {
    const ending = new AbortController()
    const second = (await bench.beside()).queue
    const claims = [queue.claim({ ...mine, signal: ending.signal }), second.claim({ ...other, signal: ending.signal })]
    await queue.push(work('1'))
    const first = await Promise.race(claims)
    assert.equal(first?.id, '1')
    ending.abort()
    assert.equal((await Promise.all(claims)).filter((claim) => claim !== null).length, 1)
  }),
  check('many claims at once never give out one work twice', async (queue, bench) => {
    const ids = Array.from({ length: 20 }, (_, index) => String(index))
    await Promise.all(ids.map((id) => queue.push(work(id))))
    const beside = (await bench.beside()).queue
    const claims = await Promise.all(
      ids.map((_, index) => (index % 2 ? queue : beside).claim({ ...mine, idleMs: 10_000 })),
    )
    assert.deepEqual(
      claims.map((claim) => Number(claim!.id)).toSorted((a, b) => a - b),
      ids.map(Number),
    )
  }),
  check('a signal ends a claim, before it and while it waits', async (queue) => {
    const ending = new AbortController()
    const waiting = queue.claim({ ...mine, signal: ending.signal })
    ending.abort()
    assert.equal(await waiting, null)
    assert.equal(await queue.claim({ ...mine, signal: ending.signal }), null)
    await queue.push(work('1'))
    assert.equal(await claimNow(queue), '1')
  }),
  check('a scope has one work, waiting or taken, until it is finished', async (queue) => {
    await queue.push(work('1', { scope: 'session/a' }))
    await throws(queue.push(work('2', { scope: 'session/a' })), 'ScopeBusyError', { scope: 'session/a' })
    const claim = await queue.claim(mine)
    await throws(queue.push(work('2', { scope: 'session/a' })), 'ScopeBusyError')
    await queue.finish(claim!)
    await queue.push(work('2', { scope: 'session/a' }))
    assert.equal(await claimNow(queue), '2')
  }),
  check(
    'the work of a scope is found, waiting or taken, from anywhere, until it is finished or buried',
    async (queue, bench) => {
      const beside = (await bench.beside()).queue
      const found = async () => [await queue.find('s'), await beside.find('s')]
      assert.deepEqual(await found(), [null, null])
      await queue.push(work('1', { scope: 's' }))
      await queue.push(work('other'))
      assert.deepEqual(await found(), ['1', '1'])
      const claim = await queue.claim(mine)
      assert.deepEqual(await found(), ['1', '1'])
      await queue.giveBack(claim!)
      assert.deepEqual(await found(), ['1', '1'])
      await queue.finish((await queue.claim({ ...mine, idleMs: 10_000 }))!)
      assert.deepEqual(await found(), [null, null])
      await queue.bury((await queue.claim({ ...mine, idleMs: 10_000 }))!, 'as a test')
      assert.equal(await queue.find('scope-other'), null)
    },
  ),
  check('of two pushes to one scope at once one wins', async (queue, bench) => {
    const second = (await bench.beside()).queue
    const pushes = [queue.push(work('1', { scope: 's' })), second.push(work('2', { scope: 's' }))]
    const results = await Promise.allSettled(pushes)
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal((await queue.status()).waiting, 1)
  }),
  check('pushing the same work again changes nothing', async (queue) => {
    await queue.push(work('1'))
    await queue.push(work('1'))
    assert.equal((await queue.status()).waiting, 1)
    const claim = await queue.claim(mine)
    await queue.push(work('1'))
    assert.equal((await queue.status()).waiting, 0)
    await queue.finish(claim!)
    await claimNothing(queue)
  }),
  check('a full queue says so, and goes on', async (queue) => {
    await queue.push(work('1'), 2)
    await queue.push(work('2'), 2)
    await throws(queue.push(work('3'), 2), 'QueueFullError', { limit: 2 })
    await queue.claim(mine)
    await queue.push(work('3'), 2)
    assert.equal((await queue.status()).waiting, 2)
  }),
  check('left behind for idleMs, it is given out again before anything else, and counted', async (queue, bench) => {
    await queue.push(work('lost'))
    const lost = await queue.claim(mine)
    await queue.push(work('urgent', { priority: 100 }))
    await bench.pass(250)
    const again = await queue.claim({ ...other, idleMs: 60_000 })
    assert.deepEqual([again?.id, again?.deliveries], ['lost', 2])
    assert.equal(await queue.extend(lost!), false)
    await queue.finish(lost!)
    await queue.giveBack(lost!)
    await queue.bury(lost!, 'late')
    assert.deepEqual(await queue.extend(again!), true)
    assert.deepEqual({ ...(await queue.status()), oldestMs: 0 }, { waiting: 1, claimed: 1, buried: 0, oldestMs: 0 })
  }),
  check('a waiting claim gets what is left behind when its time comes', async (queue) => {
    await queue.push(work('1'))
    await queue.claim({ ...mine, idleMs: 60 })
    const claim = await queue.claim(other)
    assert.deepEqual([claim?.id, claim?.deliveries], ['1', 2])
  }),
  check('extend keeps it', async (queue, bench) => {
    await queue.push(work('1'))
    const claim = await queue.claim(mine)
    for (let round = 0; round < 3; round += 1) {
      await bench.pass(120)
      assert.equal(await queue.extend(claim!), true)
    }
    await claimNothing(queue, other)
  }),
  check('given back it keeps its place, after the delay', async (queue, bench) => {
    await queue.push(work('1'))
    await queue.push(work('2'))
    await queue.giveBack((await queue.claim(mine))!)
    const first = await queue.claim(mine)
    assert.deepEqual([first?.id, first?.deliveries], ['1', 2])
    await queue.giveBack(first!, 300)
    assert.equal(await claimNow(queue, { ...mine, idleMs: 60_000 }), '2')
    await claimNothing(queue)
    await bench.pass(300)
    assert.equal(await claimNow(queue), '1')
  }),
  check('given back without being begun, the delivery does not count', async (queue) => {
    await queue.push(work('1'))
    await queue.giveBack((await queue.claim(mine))!, 0, false)
    const again = await queue.claim(mine)
    assert.equal(again?.deliveries, 1)
    await queue.giveBack(again, 0, true)
    assert.equal((await queue.claim(mine))?.deliveries, 2)
  }),
  check('buried it is gone and its scope free', async (queue) => {
    await queue.push(work('1', { scope: 's' }))
    await queue.bury((await queue.claim(mine))!, 'cannot be done')
    assert.equal((await queue.status()).buried, 1)
    await queue.push(work('2', { scope: 's' }))
    assert.equal(await claimNow(queue), '2')
  }),
  check('status counts what waits, what is taken, and the longest wait', async (queue, bench) => {
    assert.deepEqual(await queue.status(), { waiting: 0, claimed: 0, buried: 0, oldestMs: 0 })
    for (const id of ['1', '2', '3']) await queue.push(work(id))
    await queue.claim({ ...mine, idleMs: 60_000 })
    await bench.pass(50)
    const { oldestMs, ...counts } = await queue.status()
    assert.deepEqual(counts, { waiting: 2, claimed: 1, buried: 0 })
    assert.ok(oldestMs >= 50 && oldestMs < 20_000, String(oldestMs))
  }),
  check('a crash loses nothing: what waited waits, what was taken is given out again', async (queue, bench) => {
    for (const id of ['1', '2', '3']) await queue.push(work(id))
    await queue.finish((await queue.claim(mine))!)
    await queue.claim(mine)
    const after = (await bench.restart()).queue
    await bench.pass(250)
    const again = await after.claim({ ...other, idleMs: 60_000 })
    assert.deepEqual([again?.id, again?.deliveries], ['2', 2])
    await throws(after.push(work('4', { scope: 'scope-3' })), 'ScopeBusyError')
    assert.equal(await claimNow(after), '3')
    assert.equal((await after.status()).waiting, 0)
  }),
  check('closed, it says that it is not available, also to who waits', async (queue) => {
    const waiting = throws(queue.claim(mine), 'StoreError', { problem: 'unavailable' })
    await new Promise((resolve) => setTimeout(resolve, 20))
    await queue.close()
    await waiting
    await throws(queue.push(work('1')), 'StoreError', { problem: 'unavailable' })
    await throws(queue.claim(mine), 'StoreError', { problem: 'unavailable' })
    await throws(queue.status(), 'StoreError', { problem: 'unavailable' })
  }),
]
