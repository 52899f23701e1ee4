import assert from 'node:assert/strict'
import type { LeaseStore, Stores } from '../contract.js'
import { type Bench, type Check, throws } from './bench.js'

type Leases = Pick<Stores, 'leases'>

const check = (name: string, run: (leases: LeaseStore, bench: Bench<Leases>) => Promise<void>): Check<Leases> => ({
  name,
  run: (bench) => run(bench.stores.leases, bench),
})

export const leaseChecks: readonly Check<Leases>[] = [
  check('one holds a scope at a time', async (leases, bench) => {
    const beside = (await bench.beside()).leases
    const lease = await leases.acquire('s', 60_000)
    assert.equal(lease?.scope, 's')
    assert.equal(await leases.acquire('s', 60_000), null)
    assert.equal(await beside.acquire('s', 60_000), null)
    assert.notEqual(await beside.acquire('s2', 60_000), null)
  }),
  check('of many who want it at once one gets it', async (leases, bench) => {
    const beside = (await bench.beside()).leases
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? leases : beside).acquire('s', 60_000)),
    )
    assert.equal(all.filter((lease) => lease !== null).length, 1)
  }),
  check('epochs grow and tokens differ, also over releases and restarts', async (leases, bench) => {
    const first = (await leases.acquire('s', 60_000))!
    await leases.release(first)
    const second = (await leases.acquire('s', 100))!
    const after = (await bench.restart()).leases
    await bench.pass(150)
    const third = (await after.acquire('s', 60_000))!
    assert.ok(first.epoch < second.epoch && second.epoch < third.epoch)
    assert.equal(new Set([first.token, second.token, third.token]).size, 3)
    assert.ok(Number.isSafeInteger(third.epoch))
  }),
  check('it runs out, and a renewal keeps it', async (leases, bench) => {
    const lease = (await leases.acquire('s', 200))!
    await bench.pass(120)
    assert.equal(await leases.renew(lease, 200), true)
    await bench.pass(120)
    assert.equal(await leases.acquire('s', 200), null)
    await bench.pass(120)
    assert.equal(await leases.renew(lease, 200), false)
    assert.notEqual(await leases.acquire('s', 200), null)
  }),
  check('who has lost it can neither renew nor release it', async (leases, bench) => {
    const old = (await leases.acquire('s', 100))!
    await bench.pass(150)
    const present = (await leases.acquire('s', 60_000))!
    await leases.release(old)
    assert.equal(await leases.renew(old, 60_000), false)
    assert.equal(await leases.renew({ ...present, token: old.token }, 60_000), false)
    await leases.release({ ...present, token: old.token })
    assert.equal(await leases.acquire('s', 60_000), null)
    assert.equal(await leases.renew(present, 60_000), true)
  }),
  check('closed, it says that it is not available', async (leases) => {
    await leases.close()
    await throws(leases.acquire('s', 1000), 'StoreError', { problem: 'unavailable' })
  }),
]
