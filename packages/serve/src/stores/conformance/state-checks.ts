import assert from 'node:assert/strict'
import type { StateStore, Stores } from '../contract.js'
import { type Bench, type Check, throws } from './bench.js'

type States = Pick<Stores, 'states'>

const check = (name: string, run: (states: StateStore, bench: Bench<States>) => Promise<void>): Check<States> => ({
  name,
  run: (bench) => run(bench.stores.states, bench),
})

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const shown = async (states: StateStore, key: string): Promise<string | null> => {
  const bytes = await states.get(key)
  return bytes && new TextDecoder().decode(bytes)
}

const badKeys = [
  '',
  '/',
  'a/',
  '/a',
  'a//b',
  '.',
  '..',
  'a/..',
  '../a',
  'a/./b',
  'a\0b',
  'a b',
  'a\\b',
  'a%2fb',
  'é',
  '\ud800',
  'a\n',
  'a:b',
  'x'.repeat(10_000),
  `${'x/'.repeat(600)}x`,
]

export const stateChecks: readonly Check<States>[] = [
  check('bytes come back as they were put, and none where none are', async (states) => {
    const all = Uint8Array.from({ length: 256 }, (_, index) => index)
    assert.equal(await states.get('a/b'), null)
    assert.equal(await states.put('a/b', all), true)
    const back = (await states.get('a/b'))!
    assert.ok(back instanceof Uint8Array)
    assert.deepEqual([...back], [...all])
    assert.equal(await states.put('empty', new Uint8Array()), true)
    assert.equal((await states.get('empty'))?.length, 0)
  }),
  check('a part of a larger buffer is put as that part, and stays what it was', async (states) => {
    const buffer = text('0123456789')
    await states.put('part', buffer.subarray(2, 5))
    buffer.fill(0)
    const back = (await states.get('part'))!
    assert.equal(new TextDecoder().decode(back), '234')
    back.fill(0)
    assert.equal(await shown(states, 'part'), '234')
  }),
  check('5 MB come back whole', async (states) => {
    const big = Uint8Array.from({ length: 5_000_001 }, (_, index) => (index * 31 + (index >> 8)) & 255)
    await states.put('states/big', big)
    const back = await states.get('states/big')
    assert.ok(back !== null && Buffer.compare(back, big) === 0)
  }),
  check('put replaces, ifAbsent does not', async (states) => {
    assert.equal(await states.put('k', text('1'), { ifAbsent: true }), true)
    assert.equal(await states.put('k', text('2'), { ifAbsent: true }), false)
    assert.equal(await shown(states, 'k'), '1')
    assert.equal(await states.put('k', text('3')), true)
    assert.equal(await shown(states, 'k'), '3')
  }),
  check('of many writers at once exactly one makes a key', async (states, bench) => {
    const beside = (await bench.beside()).states
    for (const key of ['states/one', 'records/one']) {
      const won = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 ? states : beside).put(key, text(String(index)), { ifAbsent: true }),
        ),
      )
      assert.equal(won.filter(Boolean).length, 1)
      assert.equal(await shown(states, key), String(won.indexOf(true)))
    }
  }),
  check('deleted it is gone, and can be made again; twice does no harm', async (states) => {
    await states.put('k', text('1'))
    await states.delete('k')
    await states.delete('k')
    assert.equal(await states.get('k'), null)
    assert.equal(await states.put('k', text('2'), { ifAbsent: true }), true)
  }),
  check('a key may be the beginning of another, and case matters', async (states) => {
    const keys = [
      'states/a',
      'states/a/b',
      'states/a/b/c',
      'states/A',
      'states/a.b',
      'states/a-b',
      'states/con',
      'states/nul.txt',
    ]
    for (const key of keys) await states.put(key, text(key))
    for (const key of keys) assert.equal(await shown(states, key), key)
    assert.deepEqual(
      await states.list('states/'),
      keys.toSorted((a, b) => (a < b ? -1 : 1)),
    )
    await states.delete('states/a')
    assert.equal(await shown(states, 'states/a/b'), 'states/a/b')
  }),
  check('list is in order, after a key, up to a limit, and pages meet', async (states) => {
    const keys = ['r/10', 'r/2', 'r/2/x', 'r/a', 'r/b', 'r.x', 'states/1', 'states/2']
    for (const key of keys.toReversed()) await states.put(key, text(key))
    assert.deepEqual(await states.list('r/'), ['r/10', 'r/2', 'r/2/x', 'r/a', 'r/b'])
    assert.deepEqual(await states.list('r'), ['r.x', 'r/10', 'r/2', 'r/2/x', 'r/a', 'r/b'])
    assert.deepEqual(await states.list('r/2'), ['r/2', 'r/2/x'])
    assert.deepEqual(
      await states.list(''),
      [...keys].toSorted((a, b) => (a < b ? -1 : 1)),
    )
    assert.deepEqual(await states.list('', { after: 'r/b' }), ['states/1', 'states/2'])
    assert.deepEqual(await states.list('r/', { after: 'r/2', limit: 2 }), ['r/2/x', 'r/a'])
    // no key has a ~, and all of its characters come before it
    assert.deepEqual(await states.list('r/', { after: 'r/2/~', limit: 1 }), ['r/a'])
    assert.deepEqual(await states.list('r/', { limit: 0 }), [])
    assert.deepEqual(await states.list('nothing/'), [])
    const pages: string[] = []
    for (let page = await states.list('', { limit: 3 }); page.length > 0;) {
      pages.push(...page)
      page = await states.list('', { limit: 3, after: page.at(-1)! })
    }
    assert.deepEqual(
      pages,
      [...keys].toSorted((a, b) => (a < b ? -1 : 1)),
    )
  }),
  check('bad keys are refused by name, everywhere', async (states) => {
    for (const key of badKeys) {
      await throws(states.put(key, text('x')), 'StoreError', { problem: 'key' })
      await throws(states.get(key), 'StoreError', { problem: 'key' })
      await throws(states.delete(key), 'StoreError', { problem: 'key' })
    }
    for (const prefix of ['../', 'a/../', '/', 'a//', '\0', 'x'.repeat(10_000)])
      await throws(states.list(prefix), 'StoreError', { problem: 'key' })
    assert.deepEqual(await states.list(''), [])
  }),
  check('a crash loses nothing that was acknowledged', async (states, bench) => {
    await states.put('states/1', text('1'))
    await states.put('sessions/1/2.json', text('{}'), { ifAbsent: true })
    await states.put('states/2', text('2'))
    await states.delete('states/2')
    const after = (await bench.restart()).states
    assert.deepEqual(await after.list(''), ['sessions/1/2.json', 'states/1'])
    assert.equal(await shown(after, 'states/1'), '1')
    assert.equal(await after.put('sessions/1/2.json', text('x'), { ifAbsent: true }), false)
  }),
  check('closed, it says that it is not available', async (states) => {
    await states.close()
    await throws(states.put('k', text('1')), 'StoreError', { problem: 'unavailable' })
    await throws(states.get('k'), 'StoreError', { problem: 'unavailable' })
    await throws(states.list(''), 'StoreError', { problem: 'unavailable' })
  }),
]
