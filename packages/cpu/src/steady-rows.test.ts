// A text on the server moves between batches of different sizes: the CPU gives it the same bits in all that `steadyRows` joins.
import { resolve } from 'node:path'
import { cpu } from './index.js'
import { loadCheckpoint, nodeFolder } from '@retnet/formats'
import type { Model } from '@retnet/core'
import { expect, test } from 'vitest'

const folder = resolve(import.meta.dirname, '../../../models/novels-7m')

/** Logits of the last row after some tokens, beside one other row that is taken. */
async function logitsOf(model: Model, rows: number): Promise<Float32Array> {
  using batch = await model.createBatch(rows)
  let last = new Float32Array()
  for (const token of [5, 77, 1234, 8, 99]) {
    const [{ logits }] = await batch.next([
      { row: rows - 1, token },
      { row: 0, token: 7 },
    ])
    last = Float32Array.from(logits!)
  }
  return last
}

test.each(['f32', 'f16', 'q8', 'q4'] as const)('rows of %s weights', async (dtype) => {
  using backend = await cpu({ threads: 1 })
  using loaded = await loadCheckpoint(await nodeFolder(folder), { backend, dtype })
  expect(backend.limits.steadyRows).toEqual([2, 9])
  for (const [first, ...others] of [
    [2, 3, 8],
    [9, 16, 40],
  ]) {
    const expected = await logitsOf(loaded.model, first)
    for (const rows of others) expect(await logitsOf(loaded.model, rows)).toEqual(expected)
  }
})
