// Sessions under writers that race, stores that lose or change what they hold, and sweeps that come at any moment.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../stores/common/clock.js'
import type { Stores } from '../stores/contract.js'
import { StoreError } from '../stores/errors.js'
import { localStores } from '../stores/local-stores.js'
import { memoryStores } from '../stores/memory/memory-stores.js'
import { type SessionRecord, beginning, revisionKey } from './records.js'
import { SessionService } from './session-service.js'
import { Sweeper } from './sweeper.js'

const model = { spec: 's', weights: 'w' }
const quota = { sessions: 1000, snapshots: 1000, bytes: 1e9 }
const tenant = 'a tenant'
let now = 1e12
const clock = { ...systemClock, now: () => now }
let stores: Stores
let service: SessionService

const makers: [string, () => Promise<Stores>][] = [
  ['in memory', async () => memoryStores()],
  [
    'on disk',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'retnet-records-'))
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
      return localStores(folder)
    },
  ],
]

const bytes = (value: number) => new Uint8Array(1000).fill(value)
const place = async (value: number) => {
  return { state: await service.sessions.states.put(tenant, bytes(value)), length: value, last: 1 }
}
const created = () => service.sessions.create(tenant, { place: beginning, from: null, ttlMs: null })
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: { code?: string }) => error.code,
  )

async function advanced(head: SessionRecord, times: number): Promise<SessionRecord> {
  let at = head
  for (let time = 0; time < times; time++) at = await service.sessions.advance(at, await place(at.rev + 1), null)
  return at
}

describe.each(makers)('%s', (_name, make) => {
  beforeEach(async () => {
    stores = await make()
    service = new SessionService({ store: stores.states, model, quota, clock })
    return async () => {
      for (const one of [stores.queue, stores.log, stores.states]) await one.close()
    }
  })

  describe('of writers that race', () => {
    test('exactly one makes the next revision', async () => {
      const head = await created()
      const all = Array.from({ length: 9 }, async (_, of) => service.sessions.advance(head, await place(of), `t${of}`))
      const settled = await Promise.allSettled(all)
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect((await service.sessions.head(tenant, head.id)).rev).toBe(1)
    })

    test('one that slept while others went on, or deleted all, changes nothing', async () => {
      const head = await created()
      const stale = await advanced(head, 1)
      const last = await advanced(stale, 4)
      expect(await codeOf(service.sessions.advance(stale, await place(9), 'late'))).toBe('rev_conflict')
      expect(await service.sessions.head(tenant, head.id)).toEqual(last)
      await service.delete(tenant, head.id)
      expect(await codeOf(service.sessions.advance(last, await place(9), 'late'))).toBe('session_not_found')
      // also when the sweep has taken the last record of it
      for (const key of await stores.states.list('sessions/')) await stores.states.delete(key)
      expect(await codeOf(service.sessions.advance(last, await place(9), 'late'))).toBe('session_not_found')
      expect(await stores.states.list('sessions/')).toEqual([])
    })

    test('one that was killed in the midst of its late write brings nothing back', async () => {
      const head = await advanced(await created(), 2)
      await service.delete(tenant, head.id)
      for (const key of await stores.states.list('sessions/')) await stores.states.delete(key)
      const late = { ...head, rev: head.rev + 1 }
      await stores.states.put(revisionKey(tenant, head.id, late.rev), new TextEncoder().encode(JSON.stringify(late)))
      expect(await codeOf(service.sessions.head(tenant, head.id))).toBe('session_not_found')
    })
  })

  test('two revisions are kept, and the states of others are gone', async () => {
    const head = await advanced(await created(), 7)
    expect(await stores.states.list('states/')).toHaveLength(2)
    expect((await service.sessions.at(tenant, head.id, 6))!.length).toBe(6)
    expect(await service.sessions.at(tenant, head.id, 5)).toBeNull()
  })

  test('what a fork or a snapshot has stays when the session goes on and goes away', async () => {
    const head = await advanced(await created(), 3)
    const fork = await service.sessions.fork(tenant, head.id, null)
    const snapshot = await service.snapshots.take(tenant, head.id, { name: 'x', pinned: true })
    await advanced(head, 5)
    await service.delete(tenant, head.id)
    for (const state of [fork.state, snapshot.state])
      expect(await service.sessions.states.get(state!)).toEqual(bytes(3))
    expect((await service.snapshots.find(tenant, 'x')).id).toBe(snapshot.id)
  })

  test('a fork of a session that runs away while it is made is made anew', async () => {
    const head = await advanced(await created(), 1)
    let once = true
    const made = await service.sessions.sharing(tenant, head.id, async (at) => {
      if (once) await advanced(at, 3)
      once = false
      return { made: at.rev, undo: async () => {} }
    })
    expect(made).toBe(4)
  })

  test.each([
    ['is missing', 'unavailable', async (key: string) => stores.states.delete(key)],
    ['is short', 'damaged', async (key: string) => stores.states.put(key, bytes(3).subarray(1))],
    ['has a flipped bit', 'damaged', async (key: string) => stores.states.put(key, bytes(3).with(500, 2))],
    ['is another', 'damaged', async (key: string) => stores.states.put(key, bytes(4))],
  ])('a state that %s is no state', async (_, problem, damage) => {
    const { state } = await place(3)
    await damage(state)
    const error = await service.sessions.states.get(state).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(StoreError)
    expect((error as StoreError).problem).toBe(problem)
  })

  test('whatever happens at the same time: what is there is whole, what was deleted is gone, and nothing is left over', async () => {
    const sweeper = new Sweeper({ stores, clock, graceMs: 1000, everyMs: 1e8 })
    let random = 7
    const below = (limit: number) => {
      random = (random * 48_271) % 2_147_483_647
      return random % limit
    }
    const live = new Set([(await created()).id])
    const gone = new Set<string>()
    const any = () => [...live][below(live.size)]
    const acts: ((id: string) => Promise<unknown>)[] = [
      async (id) => {
        const head = await service.sessions.head(tenant, id)
        await service.sessions.advance(head, await place(1 + below(200)), null)
      },
      async (id) => live.add((await service.sessions.fork(tenant, id, null)).id),
      async (id) => service.snapshots.take(tenant, id, { name: null, pinned: below(2) === 0 }),
      async (id) => {
        const [snapshot] = await service.snapshots.list(tenant, '', 1)
        const head = await service.sessions.head(tenant, id)
        if (snapshot) await service.sessions.advance(head, snapshot, null)
      },
      async (id) => {
        if (live.size < 4) return
        await service.delete(tenant, id)
        live.delete(id)
        gone.add(id)
      },
      async () => {
        now += 400
        await sweeper.sweep()
      },
    ]
    const expected = ['rev_conflict', 'session_not_found', null]
    for (let round = 0; round < 60; round++) {
      const codes = await Promise.all(Array.from({ length: 6 }, () => codeOf(acts[below(acts.length)](any()))))
      for (const code of codes) expect(expected).toContain(code)
      for (const id of live) {
        const { state, length } = await service.sessions.head(tenant, id)
        if (state) expect(await service.sessions.states.get(state)).toEqual(bytes(length))
      }
      for (const id of gone) expect(await codeOf(service.sessions.head(tenant, id))).toBe('session_not_found')
    }
    expect(gone.size).toBeGreaterThan(9)
    for (const { state } of await service.snapshots.list(tenant, '', 999)) {
      if (state) await service.sessions.states.get(state)
    }
    for (const id of live) await service.delete(tenant, id)
    for (const { id } of await service.snapshots.list(tenant, '', 999)) await service.snapshots.delete(tenant, id)
    for (let look = 0; look < 5; look++) {
      now += 1000
      await sweeper.sweep()
    }
    expect(await stores.states.list('')).toEqual([])
    await sweeper.stop()
  })

  describe('a sweep', () => {
    const grace = 1000
    let sweeper: Sweeper
    beforeEach(() => {
      sweeper = new Sweeper({ stores, clock, graceMs: grace, everyMs: 1e8 })
      return () => sweeper.stop()
    })
    const later = async (ms = grace) => {
      now += ms
      return sweeper.sweep()
    }

    test('takes what nobody can reach at two looks, and nothing else', async () => {
      const head = await advanced(await created(), 2)
      await service.snapshots.take(tenant, head.id, { name: null, pinned: true })
      const lost = await place(9)
      expect(await sweeper.sweep()).toBe(0)
      const found = await place(8)
      expect(await later()).toBe(1)
      await expect(service.sessions.states.get(lost.state)).rejects.toThrow(StoreError)
      await service.sessions.advance(head, found, null)
      expect(await later()).toBe(0)
      expect(await service.sessions.states.get(found.state)).toEqual(bytes(8))
      for (const { state } of await service.snapshots.list(tenant, '', 9)) {
        expect(await service.sessions.states.get(state!)).toEqual(bytes(2))
      }
    })

    test('takes what is left of a deleted session, its shared states and its snapshots', async () => {
      const head = await advanced(await created(), 2)
      await service.snapshots.take(tenant, head.id, { name: 'y', pinned: false })
      const fork = await service.sessions.fork(tenant, head.id, null)
      await service.delete(tenant, head.id)
      await service.delete(tenant, fork.id)
      for (let look = 0; look < 5; look++) await later()
      expect(await stores.states.list('')).toEqual([])
    })

    test('takes an expired session after a day, in which a clock can be set right', async () => {
      const session = await service.sessions.create(tenant, { place: await place(1), from: null, ttlMs: 1000 })
      await later(2000)
      await later(2000)
      expect(await codeOf(service.sessions.head(tenant, session.id))).toBe('session_not_found')
      now -= 3500
      expect((await service.sessions.head(tenant, session.id)).rev).toBe(0)
      await later(25 * 3600_000)
      await later()
      await later()
      expect(await stores.states.list('')).toEqual([])
    })

    test('is made by one process at a time', async () => {
      await place(9)
      await sweeper.sweep()
      const other = new Sweeper({ stores, clock, graceMs: grace, everyMs: 1e8 })
      await other.sweep()
      now += grace
      expect(await other.sweep()).toBe(0)
      expect(await sweeper.sweep()).toBe(1)
      await other.stop()
    })
  })
})
