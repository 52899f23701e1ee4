import { describe, expect, test } from 'vitest'
import { create, expectSameState, spec, text, weights } from '../../test/tiny-model.js'
import { RowError } from '../errors/row-error.js'
import type { WeightData } from '../contract/weight.js'
import type { Snapshot } from '../snapshot/format.js'
import type { SamplingSettings } from './decode-many.js'

const plain: SamplingSettings = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  logitBias: new Map(),
  seed: 1,
  history: { seen: [], output: new Map() },
}
const drawing = { ...plain, temperature: 1.5, topP: 0.9, seed: 2 ** 40 + 3 }
const penalised = { ...plain, presencePenalty: 1e6, history: { seen: [3], output: new Map([[3, 1]]) } }
const biased = { ...drawing, logitBias: new Map([[5, 100]]) }

const same = (a: Snapshot, b: Snapshot) => expect(a).toEqual(b)

describe('rows of a batch', () => {
  test('take in texts of any lengths as each alone', async () => {
    using model = await create()
    using batch = await model.createBatch(5)
    const texts = [1, 20, 150, 17, 0].map((length, row) => ({ row, tokens: text(length) }))
    const told = new Map<number, number[]>()
    await batch.consume(texts, { onProgress: (row, tokens) => told.set(row, [...(told.get(row) ?? []), tokens]) })
    expect(Object.fromEntries(told)).toEqual({ 0: [1], 1: [20], 2: [128, 150], 3: [17] })
    for (const { row, tokens } of texts) {
      using state = await batch.extract(row)
      using alone = await model.createState()
      await model.consume(alone, tokens)
      await expectSameState(model, state, alone)
    }
  })

  test.each([
    { count: 2, rows: 2 },
    { count: 3, rows: 4 },
    { count: 5, rows: 8 },
  ])('$count of 8 take in texts of the same length in one run of $rows rows', async ({ count, rows }) => {
    using model = await create()
    using batch = await model.createBatch(8)
    const texts = Array.from({ length: count }, (_, at) => ({ row: 7 - at, tokens: text(16 - (at % 3)) }))
    await batch.consume(texts)
    expect((await model.program('consume', { rows, length: 16 })).stats().runs).toBe(1)
    for (let row = 0; row < 8; row++) {
      using state = await batch.extract(row)
      using alone = await model.createState()
      await model.consume(alone, texts.find((each) => each.row === row)?.tokens ?? [])
      await expectSameState(model, state, alone)
    }
  })

  test('draw by their own settings what each draws alone; the others stay as they were', async () => {
    using model = await create()
    using batch = await model.createBatch(6)
    const settings = [plain, drawing, penalised, biased]
    const steps = settings.map((own, at) => ({ row: [4, 0, 5, 2][at], token: 3 + at, settings: own }))
    await batch.consume([0, 1, 2, 3, 4, 5].map((row) => ({ row, tokens: text(row + 2) })))
    const [one, three] = [await batch.snapshot(1), await batch.snapshot(3)]
    const results = await batch.decode(steps, { count: 7 })
    for (const [at, { row, ids, error }] of results.entries()) {
      using alone = await model.createState()
      await model.consume(alone, text(row + 2))
      const expected = await model.decodeMany(alone, steps[at].token, settings[at], 7)
      expect({ row, ids: [...ids], error }).toEqual({ row: steps[at].row, ids: [...expected], error: null })
      using state = await batch.extract(row)
      await expectSameState(model, state, alone)
    }
    same(await batch.snapshot(1), one)
    same(await batch.snapshot(3), three)
  })

  test('stop in the midst of a run, each where it is over, and go on from there', async () => {
    using model = await create()
    using batch = await model.createBatch(5)
    const steps = [plain, drawing, biased, penalised].map((settings, row) => ({ row, token: 3 + row, settings }))
    const free = await Promise.all(
      steps.map(async ({ token, settings }) => {
        using state = await model.createState()
        return [...(await model.decodeMany(state, token, settings, 9))]
      }),
    )
    const stopIds = [free[1][4], 16]
    const ends = [{ limit: 3 }, { stopIds }, { limit: 2, stopIds: free[2].slice(0, 1) }, { limit: 100, stopIds: [3] }]
    const results = await batch.decode(
      steps.map((step, at) => ({ ...step, ...ends[at] })),
      { count: 9 },
    )
    const lengths = [3, 1 + free[1].findIndex((id) => stopIds.includes(id)), 1, 9]
    for (const [row, { ids, error }] of results.entries()) {
      expect({ ids: [...ids], error }).toEqual({ ids: free[row].slice(0, lengths[row]), error: null })
      using alone = await model.createState()
      await model.decodeMany(alone, steps[row].token, steps[row].settings, lengths[row])
      using state = await batch.extract(row)
      await expectSameState(model, state, alone)
    }
    expect(Math.max(...lengths.slice(0, 3)), 'rows that end in the midst of the run').toBeLessThan(9)
  })

  test('take text in by pieces while others decode', async () => {
    using model = await create()
    using batch = await model.createBatch(2)
    const [step] = [{ row: 1, token: 4, settings: drawing }]
    const pieces = async () => {
      for (let at = 0; at < 60; at += 20) await batch.consume([{ row: 0, tokens: text(60).subarray(at, at + 20) }])
    }
    const decode = async () => {
      const ids = [step.token]
      while (ids.length < 10) ids.push((await batch.decode([{ ...step, token: ids.at(-1)! }]))[0].ids[0])
      return ids.slice(1)
    }
    const [ids] = await Promise.all([decode(), pieces()])
    using alone = await model.createState()
    expect(ids).toEqual([...(await model.decodeMany(alone, 4, drawing, 9))])
    using read = await model.createState()
    await model.consume(read, text(60))
    using state = await batch.extract(0)
    await expectSameState(model, state, read)
  })

  test('are forked, moved to states and back, reset and saved, bit for bit', async () => {
    using model = await create()
    using batch = await model.createBatch(4)
    await batch.consume([{ row: 2, tokens: text(9) }])
    const before = await batch.snapshot(2)
    batch.fork(2, 0)
    using state = await batch.extract(0)
    batch.insert(3, state)
    using other = await model.createBatch(2)
    other.copyRows(
      batch,
      [0, 1].map((to) => ({ from: 2, to })),
    )
    same(await other.snapshot(1), before)
    expect(() => other.copyRows(batch, [{ from: 4, to: 0 }])).toThrow('a row from 0 to 3, got 4')
    const extra = { ids: { shape: [2], data: Int32Array.of(7, 8) } }
    const bytes = await batch.saveRow(0, extra)
    await batch.next([{ row: 2, token: 1 }])
    expect(await batch.loadRow(1, bytes)).toEqual(extra)
    for (const row of [0, 1, 3]) same(await batch.snapshot(row), before)
    same(await model.snapshot((await model.loadState(bytes)).state), before)
    batch.reset(1)
    expect((await batch.snapshot(1)).position).toBe(0)
    same(await batch.snapshot(0), before)
  })
})

describe('what is wrong in one row', () => {
  test('is its error: ids and settings that cannot be used leave it alone, and the others go on', async () => {
    using model = await create()
    using batch = await model.createBatch(5)
    const before = await batch.snapshot(1)
    const results = await batch.decode([
      { row: 0, token: 3, settings: plain },
      { row: 1, token: 99, settings: plain },
      { row: 2, token: 3, settings: { ...plain, topP: 7 } },
      { row: 3, token: 3, settings: plain, limit: 0 },
      { row: 4, token: 3, settings: plain, stopIds: Array<number>(9).fill(1) },
    ])
    expect(results.map(({ ids }) => ids.length)).toEqual([1, 0, 0, 0, 0])
    expect(results.map(({ error }) => error?.message.split(',')[0])).toEqual([
      undefined,
      'token 0: expected an id from 0 to 16',
      'topP: expected a number above 0 and up to 1',
      'limit: expected a whole number of at least 1',
      'stopIds: expected at most 8 ids',
    ])
    const logits = await batch.next([{ row: 1, token: -1 }])
    expect(logits).toMatchObject([{ row: 1, logits: null, error: { name: 'ArgumentError' } }])
    same(await batch.snapshot(1), before)
  })

  test('is a RowError that names the row if a weight is NaN; reset makes the row whole', async () => {
    const bad = 9
    using model = await create({ weights: spoiled(bad) })
    using sound = await create()
    const steps = [4, bad, 6].map((token, row) => ({ row, token, settings: drawing }))
    const run = async (of: typeof model) => {
      using batch = await of.createBatch(3)
      const drawn = await batch.decode(steps, { count: 2 })
      const logits = await batch.next(steps)
      batch.reset(1)
      const [again] = await batch.next([{ row: 1, token: 4 }])
      return { drawn, logits, again }
    }
    const [actual, expected] = [await run(model), await run(sound)]
    for (const results of [actual.drawn, actual.logits]) {
      expect(results[1].error).toBeInstanceOf(RowError)
      expect(results[1].error).toMatchObject({ row: 1, problem: 'not-finite' })
      expect(String(results[1].error)).toMatch(/^RowError: row 1: no token can be drawn, its logits are NaN/)
    }
    for (const row of [0, 2]) {
      expect(actual.drawn[row]).toEqual(expected.drawn[row])
      expect(actual.logits[row]).toEqual(expected.logits[row])
    }
    expect(actual.again).toEqual(expected.again)
  })
})

test('a batch refuses what would mix rows up, and nothing has changed', async () => {
  using model = await create()
  for (const rows of [0, 1.5, NaN])
    await expect(model.createBatch(rows)).rejects.toThrow('rows: expected a whole number')
  const batch = await model.createBatch(2)
  await batch.consume([{ row: 0, tokens: text(5) }])
  const before = await batch.snapshot(0)
  const busy = batch.consume([{ row: 1, tokens: text(40) }])
  expect(() => batch.fork(1, 0)).toThrow(RowError)
  await expect(batch.next([{ row: 1, token: 3 }])).rejects.toThrow('row 1: next was called while consume is running')
  await busy
  await expect(batch.next([{ row: 2, token: 3 }])).rejects.toThrow('rows[0]: expected a row from 0 to 1, got 2')
  const twice = [0, 0].map((row) => ({ row, token: 3, settings: plain }))
  await expect(batch.decode(twice)).rejects.toThrow('expected each row at most once')
  await expect(batch.consume([{ row: 0, tokens: [1, 99] }])).rejects.toThrow('an id from 0 to 16, got 99')
  await expect(batch.decode([twice[0]], { count: 0 })).rejects.toThrow('repeat.times')
  const other = { ...before, identity: { ...before.identity, weights: 'other' } }
  await expect(batch.restore(0, other)).rejects.toThrow('expected weights ffffffffffffffff, got other')
  same(await batch.snapshot(0), before)
  batch.dispose()
  await expect(batch.next([{ row: 0, token: 3 }])).rejects.toThrow('batch was used after dispose()')
})

test('a row whose text is aborted holds the tokens that were reported', async () => {
  using model = await create()
  using batch = await model.createBatch(2)
  const controller = new AbortController()
  const onProgress = () => controller.abort(new Error('enough'))
  const consuming = batch.consume([{ row: 1, tokens: text(200) }], { signal: controller.signal, onProgress })
  await expect(consuming).rejects.toThrow('enough')
  using alone = await model.createState()
  await model.consume(alone, text(128))
  using state = await batch.extract(1)
  await expectSameState(model, state, alone)
})

/** One row of the embedding is NaN. */
function* spoiled(id: number): Generator<[string, WeightData]> {
  for (const [name, weight] of weights()) {
    if (name === 'embedding.weight') weight.data[id * spec.width] = NaN
    yield [name, weight]
  }
}
