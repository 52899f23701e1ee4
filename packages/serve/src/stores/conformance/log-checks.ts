import assert from 'node:assert/strict'
import type { Json, Lease, LeaseStore, Stores, TokenLog } from '../contract.js'
import { type Bench, type Check, collect, throws, waits } from './bench.js'

type Log = Pick<Stores, 'leases' | 'log'>

interface Writer {
  readonly log: TokenLog
  readonly leases: LeaseStore
  readonly lease: Lease
  readonly add: (index: number, ...entries: Json[]) => ReturnType<TokenLog['append']>
  readonly finish: (index: number, entries?: Json[], keepMs?: number) => ReturnType<TokenLog['append']>
  readonly bench: Bench<Log>
}

const long = { ttlMs: 60_000 }

const check = (name: string, run: (writer: Writer) => Promise<void>): Check<Log> => ({
  name,
  run: async (bench) => {
    const { log, leases } = bench.stores
    const lease = (await leases.acquire('s', 60_000))!
    await run({
      bench,
      log,
      leases,
      lease,
      add: (index, ...entries) => log.append(lease, 't', index, entries, long),
      finish: (index, entries = [], keepMs = 60_000) =>
        log.append(lease, 't', index, entries, { ...long, last: { keepMs } }),
    })
  },
})

export const logChecks: readonly Check<Log>[] = [
  check('entries are read as they were written, from anywhere', async ({ log, add }) => {
    await add(0, { t: 1 }, 'é\u0000"\ud83d\ude00')
    await add(2, null, [1, [2]], -1.5)
    const all = [{ t: 1 }, 'é\u0000"\ud83d\ude00', null, [1, [2]], -1.5]
    for (let from = 0; from <= 6; from += 1) {
      const content = await log.read('s', 't', from)
      assert.deepEqual(content, { entries: all.slice(from), closed: false, reached: 0, cancelled: false })
    }
    assert.deepEqual((await log.read('s', 't')).entries, all)
  }),
  check('turns and scopes do not mix', async ({ log, leases, lease, add }) => {
    const other = (await leases.acquire('s2', 60_000))!
    await add(0, 'mine')
    await log.append(lease, 't2', 0, ['next'], long)
    await log.append(other, 't', 0, ['other'], long)
    const read = async (scope: string, turn: string): Promise<readonly Json[]> => (await log.read(scope, turn)).entries
    assert.deepEqual(
      [await read('s', 't'), await read('s', 't2'), await read('s2', 't')],
      [['mine'], ['next'], ['other']],
    )
  }),
  check('what does not come where the log ends is refused, whole', async ({ log, add }) => {
    await add(0, 'a', 'b')
    await throws(add(3, 'd'), 'LogOrderError')
    await throws(add(1, 'x'), 'LogOrderError')
    await throws(add(1, 'b', 'c'), 'LogOrderError')
    await throws(add(-1, 'x'), 'LogOrderError')
    await throws(add(0), 'LogOrderError')
    assert.deepEqual((await log.read('s', 't')).entries, ['a', 'b'])
  }),
  check('repeating the last append adds nothing', async ({ log, add, finish }) => {
    await add(0, 'a')
    await add(1, { b: 1 }, 'c')
    await add(1, { b: 1 }, 'c')
    await throws(add(1, { b: 2 }, 'c'), 'LogOrderError')
    await finish(3, ['d'])
    await finish(3, ['d'])
    await throws(finish(3, ['e']), 'LogOrderError')
    assert.deepEqual((await log.read('s', 't')).entries, ['a', { b: 1 }, 'c', 'd'])
  }),
  check('many appends at once keep their order', async ({ log, add }) => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => add(index, index)))
    assert.deepEqual(
      (await log.read('s', 't')).entries,
      Array.from({ length: 50 }, (_, index) => index),
    )
  }),
  check('one append may carry thousands', async ({ log, add }) => {
    const entries = Array.from({ length: 12_000 }, (_, index) => ({ t: index }))
    await add(0, ...entries)
    await add(12_000, 'end')
    assert.deepEqual((await log.read('s', 't')).entries, [...entries, 'end'])
    assert.deepEqual((await log.read('s', 't', 11_999)).entries, [{ t: 11_999 }, 'end'])
  }),
  check('a stale epoch, a false token and a lease that ran out are fenced', async (writer) => {
    const { bench, log, leases, lease, add } = writer
    await add(0, 'a')
    await throws(log.append({ ...lease, token: 'false' }, 't', 1, ['x'], long), 'FencedError')
    await throws(log.append({ ...lease, epoch: lease.epoch - 1 }, 't', 1, ['x'], long), 'FencedError')
    await throws(log.append({ ...lease, epoch: lease.epoch + 1 }, 't', 1, ['x'], long), 'FencedError')
    await throws(log.append({ ...lease, scope: 'other' }, 't', 0, ['x'], long), 'FencedError')
    await log.append(lease, 't', 1, ['b'], { ttlMs: 100 })
    await bench.pass(150)
    await throws(add(2, 'x'), 'FencedError')
    await throws(add(2), 'FencedError')
    const next = (await leases.acquire('s', 60_000))!
    await throws(add(2, 'x'), 'FencedError')
    await log.append(next, 't', 2, ['c'], long)
    assert.deepEqual((await log.read('s', 't')).entries, ['a', 'b', 'c'])
  }),
  check('a released lease is fenced', async ({ leases, lease, add }) => {
    await leases.release(lease)
    await throws(add(0, 'x'), 'FencedError')
  }),
  check('an append and a heartbeat renew the lease', async ({ bench, log, leases, lease }) => {
    assert.equal(await leases.renew(lease, 300), true)
    for (const entries of [['a'], []]) {
      await bench.pass(200)
      await log.append(lease, 't', entries.length === 0 ? 1 : 0, entries, { ttlMs: 300 })
    }
    await bench.pass(200)
    assert.equal(await leases.acquire('s', 1000), null)
    await bench.pass(200)
    assert.notEqual(await leases.acquire('s', 1000), null)
  }),
  check('a refused append does not renew', async ({ bench, log, leases, lease }) => {
    await leases.renew(lease, 200)
    await throws(log.append(lease, 't', 5, ['x'], long), 'LogOrderError')
    await bench.pass(250)
    assert.notEqual(await leases.acquire('s', 1000), null)
  }),
  check('a closed log takes nothing more', async ({ log, add, finish }) => {
    await finish(0, ['a'])
    await throws(add(1, 'b'), 'LogOrderError')
    await throws(add(1), 'LogOrderError')
    assert.deepEqual(await log.read('s', 't'), { entries: ['a'], closed: true, reached: 0, cancelled: false })
  }),
  check('follow gives what is there, then what comes, and ends with the log', async ({ bench, log, add, finish }) => {
    await add(0, 'a', 'b')
    const beside = (await bench.beside()).log
    const all = [collect(log.follow('s', 't', 0)), collect(beside.follow('s', 't', 1))]
    await new Promise((resolve) => setTimeout(resolve, 20))
    await add(2, 'c')
    await add(3, 'd')
    await finish(4, ['e'])
    assert.deepEqual(await Promise.all(all), [
      ['a', 'b', 'c', 'd', 'e'],
      ['b', 'c', 'd', 'e'],
    ])
    assert.deepEqual(await collect(log.follow('s', 't', 3)), ['d', 'e'])
    assert.deepEqual(await collect(log.follow('s', 't', 5)), [])
  }),
  check('an empty log can be followed, and opening it again changes nothing', async ({ log, add, finish }) => {
    await log.open('s', 't', 60_000)
    const all = collect(log.follow('s', 't', 0))
    await waits(all, async () => {
      await add(0, 'a')
      await log.open('s', 't', 1)
      await finish(1, ['b'])
    })
    assert.deepEqual(await all, ['a', 'b'])
    await log.open('s', 't', 60_000)
    assert.equal((await log.read('s', 't')).closed, true)
  }),
  check('a log that nobody writes in is forgotten, a write keeps it', async ({ bench, log, add }) => {
    await log.open('s', 'empty', 100)
    await log.open('s', 't', 100)
    await add(0, 'a')
    await bench.pass(150)
    await throws(collect(log.follow('s', 'empty', 0)), 'LogGoneError')
    assert.deepEqual(await collect(log.follow('s', 't', 0), 1), ['a'])
  }),
  check('who follows gets the rest of a log that expires', async ({ bench, log, add, finish }) => {
    await add(0, 'a')
    const following = log.follow('s', 't', 0)[Symbol.asyncIterator]()
    assert.deepEqual((await following.next()).value, ['a'])
    await finish(1, ['b'], 0)
    await bench.pass(5)
    await throws(collect(log.follow('s', 't', 0)), 'LogGoneError')
    assert.deepEqual(await following.next(), { done: false, value: ['b'] })
    assert.deepEqual(await following.next(), { done: true, value: undefined })
  }),
  check('a log closed without an entry ends its followers', async ({ log, finish }) => {
    await log.open('s', 't', 60_000)
    assert.deepEqual(await waits(collect(log.follow('s', 't', 0)), () => finish(0)), [])
  }),
  check('who leaves and follows again is woken as before', async ({ log, add }) => {
    await add(0, 0)
    for (let index = 1; index <= 5; index += 1) {
      await collect(log.follow('s', 't', index - 1), 1)
      const next = log.follow('s', 't', index)[Symbol.asyncIterator]()
      const found = waits(next.next(), () => add(index, index))
      const late = new Promise((resolve) => setTimeout(() => resolve('late'), 800))
      assert.deepEqual(await Promise.race([found, late]), { done: false, value: [index] })
      await next.return?.()
    }
  }),
  check('following a log that is not there says so', async ({ log }) => {
    await throws(collect(log.follow('s', 'unknown', 0)), 'LogGoneError')
    await throws(collect(log.follow('s', 'unknown', 3)), 'LogGoneError')
  }),
  check('a signal ends a follow, and so does leaving its loop', async ({ log, add }) => {
    await add(0, 'a')
    const ending = new AbortController()
    const following = log.follow('s', 't', 0, ending.signal)[Symbol.asyncIterator]()
    assert.deepEqual((await following.next()).value, ['a'])
    const end = await waits(following.next(), async () => ending.abort())
    assert.equal(end.done, true)
    assert.deepEqual(await collect(log.follow('s', 't', 0, ending.signal)), [])
    assert.deepEqual(await collect(log.follow('s', 't', 0), 1), ['a'])
    await add(1, 'b')
  }),
  check('a closed log is forgotten after its time', async ({ bench, log, finish }) => {
    await finish(0, ['a'], 200)
    assert.deepEqual((await log.read('s', 't')).entries, ['a'])
    await bench.pass(250)
    assert.deepEqual(await log.read('s', 't'), { entries: [], closed: false, reached: 0, cancelled: false })
    await throws(collect(log.follow('s', 't', 1)), 'LogGoneError')
  }),
  check('a reader says how far it is', async ({ bench, log, add }) => {
    await add(0, 'a', 'b', 'c')
    const beside = (await bench.beside()).log
    await beside.reached('s', 't', 2)
    await beside.reached('s', 't', 1)
    assert.deepEqual(await add(3, 'd'), { reached: 2, cancelled: false })
    assert.equal((await log.read('s', 't')).reached, 2)
    await log.reached('s', 'unknown', 2)
  }),
  check('a cancel is told at once, and by the next append', async ({ bench, log, add }) => {
    await add(0, 'a')
    const told = new Promise<string>((resolve) => log.onCancel(resolve))
    const beside = (await bench.beside()).log
    await waits(told, () => beside.cancel('s', 't'))
    assert.equal(await told, 't')
    assert.deepEqual(await add(1, 'b'), { reached: 0, cancelled: true })
    assert.deepEqual(await add(2), { reached: 0, cancelled: true })
    assert.equal((await log.read('s', 't')).cancelled, true)
  }),
  check('a cancel may come before the first entry', async ({ log, add }) => {
    await log.cancel('s', 't')
    assert.equal((await log.read('s', 't')).cancelled, true)
    assert.deepEqual(await add(0, 'a'), { reached: 0, cancelled: true })
  }),
  check('who no longer listens is not told of a cancel', async ({ log }) => {
    const told: string[] = []
    log.onCancel((turn) => told.push(turn))
    log.onCancel((turn) => told.push(`${turn} once more`))()
    await log.cancel('s', 't')
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(told, ['t'])
  }),
  check('a crash loses nothing that was acknowledged, and the old writer stays out', async (writer) => {
    const { bench, log, lease, add } = writer
    await log.append(lease, 'before', 0, ['z'], { ttlMs: 200, last: { keepMs: 60_000 } })
    await add(0, 'a', 'b')
    await log.append(lease, 't', 2, ['c'], { ttlMs: 200 })
    await log.cancel('s', 't')
    const after = await bench.restart()
    await bench.pass(250)
    assert.deepEqual((await after.log.read('s', 'before')).closed, true)
    const content = await after.log.read('s', 't')
    assert.deepEqual([content.entries, content.closed, content.cancelled], [['a', 'b', 'c'], false, true])
    const next = (await after.leases.acquire('s', 60_000))!
    assert.ok(next.epoch > lease.epoch)
    await throws(after.log.append(lease, 't', 3, ['late'], long), 'FencedError')
    await after.log.append(next, 't', 3, ['d'], { ...long, last: { keepMs: 60_000 } })
    assert.deepEqual(await collect(after.log.follow('s', 't', 0)), ['a', 'b', 'c', 'd'])
  }),
  check('closed, it says that it is not available, also to who follows', async ({ log, lease, add }) => {
    await add(0, 'a')
    const following = throws(collect(log.follow('s', 't', 1)), 'StoreError', { problem: 'unavailable' })
    await new Promise((resolve) => setTimeout(resolve, 20))
    await log.close()
    await following
    await throws(log.append(lease, 't', 1, ['b'], long), 'StoreError', { problem: 'unavailable' })
    await throws(log.read('s', 't'), 'StoreError', { problem: 'unavailable' })
  }),
]
