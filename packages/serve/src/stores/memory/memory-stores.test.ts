import { expect, test } from 'vitest'
import { storeConformance } from '../conformance.js'
import { testClock } from '../testing.js'
import { memoryStores } from './memory-stores.js'

const conformance = storeConformance(async () => {
  const clock = testClock()
  const stores = memoryStores({ ...clock, agingMs: 500 })
  return {
    stores,
    pass: clock.pass,
    restart: async () => stores,
    beside: async () => stores,
    [Symbol.asyncDispose]: async () => {},
  }
})

test.each(conformance)('%s', (_name, run) => run())

test('an append and the wake of its follower take no turn of the event loop', async () => {
  const { leases, log } = memoryStores()
  const lease = (await leases.acquire('s', 1000))!
  await log.open('s', 't', 1000)
  const seen: unknown[] = []
  let turns = 0
  const reading = (async () => {
    for await (const batch of log.follow('s', 't', 0)) seen.push(...batch)
  })()
  setImmediate(() => (turns += 1))
  for (let index = 0; index < 100; index += 1) await log.append(lease, 't', index, [index], { ttlMs: 1000 })
  await log.append(lease, 't', 100, [], { ttlMs: 1000, last: { keepMs: 0 } })
  await reading
  expect([turns, seen.length]).toEqual([0, 100])
})
