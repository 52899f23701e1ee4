import { expect, test } from 'vitest'
import { StoreError } from '../stores/errors.js'
import { memoryStores } from '../stores/memory/memory-stores.js'
import type { Turn } from '../turns/turn.js'
import { turnCheckpoints } from './turn-checkpoints.js'

const turn = { id: 'f'.repeat(32), tenant: 'a' } as Turn
const saved = (drawn: number) => {
  return { kind: 'saved' as const, bytes: new Uint8Array(9).fill(drawn), length: drawn + 5, drawn, isEnd: false }
}

test('of each text the latest place is kept, and one behind what was told is not used', async () => {
  const { states } = memoryStores()
  const checkpoints = turnCheckpoints({ store: states, every: 8, onError: () => {} })
  for (const drawn of [8, 16]) await checkpoints.save(turn, 0, saved(drawn))
  await checkpoints.save(turn, 1, saved(8))
  expect(await states.list('')).toHaveLength(2)
  expect(await checkpoints.load(turn, 0, 20)).toEqual({ bytes: saved(16).bytes, drawn: 16 })
  expect(await checkpoints.load(turn, 0, 15)).toBeNull()
  expect(await checkpoints.load(turn, 1, 8)).toMatchObject({ drawn: 8 })
  expect(await checkpoints.load({ ...turn, tenant: 'b' }, 0, 20)).toBeNull()
  await checkpoints.forget(turn)
  expect(await states.list('')).toEqual([])
})

test('a damaged place, and a store that fails, cost the time that they would have saved', async () => {
  const { states } = memoryStores()
  const errors: unknown[] = []
  const checkpoints = turnCheckpoints({ store: states, every: 8, onError: (error) => errors.push(error) })
  await checkpoints.save(turn, 0, saved(8))
  const [key] = await states.list('')
  await states.put(key, saved(9).bytes)
  expect(await checkpoints.load(turn, 0, 20)).toBeNull()
  const down = new Proxy(states, {
    get: () => async () => {
      throw new StoreError('full', 'no space left')
    },
  })
  const failing = turnCheckpoints({ store: down, every: 8, onError: (error) => errors.push(error) })
  await failing.save(turn, 0, saved(8))
  expect(await failing.load(turn, 0, 20)).toBeNull()
  await failing.forget(turn)
  expect(errors).toHaveLength(3)
})
