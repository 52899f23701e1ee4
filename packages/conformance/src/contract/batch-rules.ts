/** Rules of a model whose sequences share the rows of one state: each is as if it were alone, whatever happens to the others. */
import { type Batch, type Model, RowError, type RowLogits, reference } from '@retnet/core'
import { tinyModel } from '../models/tiny-model.js'
import { difference, requireWithin } from '../run/difference.js'
import type { ContractRule } from './rule.js'

const bad = 9
const texts = [[3], [], [3, 1, 4, 1, 5, 2, 6, 5, 3, 5, 8, 7, 3, 2, 3, 8, 4, 6]].map((tokens, row) => ({ row, tokens }))

export const batchRules: readonly ContractRule[] = [
  {
    name: 'rows of a batch predict what each predicts alone, and move to another backend and back',
    async hold(backend) {
      using model = await tinyModel(backend)
      using exact = await tinyModel(reference())
      using batch = await model.createBatch(4)
      using expected = await exact.createBatch(4)
      await batch.consume(texts)
      await expected.consume(texts)
      await compareNext(batch, expected, [0, 2])
      // there, and one token further back here
      await expected.loadRow(3, await batch.saveRow(2))
      await compareNext(batch, expected, [2], [3])
      await batch.loadRow(1, await expected.saveRow(3))
      await compareNext(batch, expected, [1], [3])
    },
  },
  {
    name: 'a forked row of a batch goes on as its origin, bit for bit, and leaves the others',
    async hold(backend) {
      using model = await tinyModel(backend)
      using batch = await model.createBatch(3)
      await batch.consume(texts)
      const still = await batch.saveRow(0)
      batch.fork(2, 1)
      const [origin, fork] = await batch.next([2, 1].map((row) => ({ row, token: 7 })))
      requireEqual(fork.logits!, origin.logits!)
      requireEqual(await batch.saveRow(1), await batch.saveRow(2))
      requireEqual(await batch.saveRow(0), still)
    },
  },
  {
    name: 'a NaN weight ends the rows that meet it with a RowError; the others go on',
    async hold(backend) {
      using spoiled = await tinyModel(backend, (name, data) => {
        if (name === 'embedding.weight') data[(bad * data.length) / 31] = Number.NaN
      })
      using sound = await tinyModel(backend)
      const steps = [4, bad, 6].map((token, row) => ({ row, token }))
      const [actual, expected] = [await spoiledSteps(spoiled, steps), await spoiledSteps(sound, steps)]
      for (const row of [0, 2]) requireEqual(actual[row].logits!, expected[row].logits!)
      const { error } = actual[1]
      if (!(error instanceof RowError) || error.row !== 1) throw new Error(`expected a RowError, got ${String(error)}`)
    },
  },
]

/** Two steps: the second one meets what the first has left in the states. */
async function spoiledSteps(model: Model, steps: readonly { row: number; token: number }[]): Promise<RowLogits[]> {
  using batch = await model.createBatch(3)
  await batch.next(steps)
  return await batch.next(steps.map(({ row }) => ({ row, token: 2 })))
}

/** One token into rows of both. */
async function compareNext(actual: Batch, expected: Batch, rows: readonly number[], others = rows): Promise<void> {
  const steps = (of: readonly number[]) => of.map((row) => ({ row, token: 11 }))
  const [mine, theirs] = [await actual.next(steps(rows)), await expected.next(steps(others))]
  requireWithin(mine.map(({ row, logits }, at) => difference(`row ${row}`, logits!, theirs[at].logits!, 1e-4)))
}

function requireEqual(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const at = Array.from(expected).findIndex((value, index) => value !== actual[index])
  if (actual.length === expected.length && at < 0) return
  throw new Error(`expected the same numbers, got ${actual[at]} for ${expected[at]} at ${at} of ${expected.length}`)
}
