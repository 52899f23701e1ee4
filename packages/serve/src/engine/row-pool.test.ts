// A batch that grows and shrinks moves states and changes nothing in them.
import { ArgumentError } from '@retnet/core'
import { describe, expect, test } from 'vitest'
import { testModel } from '../testing.js'
import { RowPool } from './row-pool.js'

interface Text {
  readonly first: number
  token: number
}

const textOf = (first: number): Text => ({ first, token: first })

async function step(pool: RowPool<Text>, texts: readonly Text[]): Promise<void> {
  const steps = texts.map((text) => ({ row: pool.rowOf(text), token: text.token }))
  for (const [at, { logits, error }] of (await pool.batch.next(steps)).entries()) {
    expect(error).toBeNull()
    texts[at].token = logits!.indexOf(Math.max(...logits!))
  }
}

describe('rows as texts come and go', () => {
  test.each([
    [8, [2, 4, 8]],
    [6, [2, 3, 6]],
    [1, [1]],
    [40, [10, 20, 40]],
  ])('of at most %i are made %j at a time', async (most, sizes) => {
    using model = await testModel()
    const pool = await RowPool.create<Text>(model, most)
    const seen = new Set([pool.batch.rows])
    for (let count = 0; count < most; count++) {
      expect(await pool.take(textOf(count))).toBe(true)
      seen.add(pool.batch.rows)
    }
    expect(await pool.take(textOf(99))).toBe(false)
    expect([...seen]).toEqual(sizes)
    pool.dispose()
  })

  test('leave the other texts as they are', async () => {
    using model = await testModel()
    const pool = await RowPool.create<Text>(model, 8)
    const alone = await model.createBatch(8)
    const [kept, gone] = [textOf(3), [textOf(4), textOf(5), textOf(6)]]
    let expected = kept.first
    const expectStep = async (texts: readonly Text[]) => {
      await step(pool, texts)
      const [{ logits }] = await alone.next([{ row: 5, token: expected }])
      expected = logits!.indexOf(Math.max(...logits!))
      expect(kept.token).toBe(expected)
    }
    await pool.take(kept)
    for (let time = 0; time < 3; time++) await expectStep([kept])
    for (const text of gone) await pool.take(text)
    expect(pool.batch.rows).toBe(4)
    await expectStep([kept, ...gone])
    for (const text of gone) pool.release(text)
    for (let time = 0; time < 40; time++) await pool.settle()
    expect(pool.batch.rows).toBe(2)
    await expectStep([kept])
    pool.dispose()
    alone.dispose()
  })

  test('begin with as many as are coming, and anew where nobody is', async () => {
    using model = await testModel()
    const pool = await RowPool.create<Text>(model, 8)
    const [first, second] = [textOf(1), textOf(2)]
    await pool.take(first, 5)
    expect(pool.batch.rows).toBe(8)
    pool.release(first)
    await pool.take(second)
    expect(pool.batch.rows).toBe(2)
    await step(pool, [second])
    expect(() => pool.batch.reset(7)).toThrow(ArgumentError)
    pool.dispose()
  })

  test('stay as many as there is memory for', async () => {
    using model = await testModel()
    const pool = await RowPool.create<Text>(model, 8)
    const createBatch = model.createBatch.bind(model)
    model.createBatch = (rows) => (rows > 4 ? Promise.reject(new Error('no memory')) : createBatch(rows))
    const taken: boolean[] = []
    const texts = Array.from({ length: 6 }, (_, count) => textOf(count))
    for (const text of texts) taken.push(await pool.take(text))
    expect(taken).toEqual([true, true, true, true, false, false])
    expect(pool.most).toBe(4)
    // nor does a lack of memory for fewer rows end anything
    model.createBatch = () => Promise.reject(new Error('no memory'))
    pool.release(texts[0])
    pool.release(texts[1])
    for (let time = 0; time < 40; time++) await pool.settle()
    expect(pool.batch.rows).toBe(4)
    pool.dispose()
  })
})
