import { describe, expect, test } from 'vitest'
import { create, expectSameState, spec } from '../../test/tiny-model.js'
import type { Backend } from '../contract/backend.js'
import { reference } from '../interpret/reference-backend.js'
import type { SamplingSettings } from './decode-many.js'

describe('a model that draws its tokens', () => {
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

  test('takes in what it draws: the best ids and the state of one by one', async () => {
    using model = await create()
    using many = await model.createState()
    using single = await model.createState()
    const drawn = await model.decodeMany(many, 3, plain, 9)
    const expected = [3]
    for (let step = 0; step < 9; step++) {
      const logits = await model.next(single, expected[step])
      expected.push(logits.indexOf(Math.max(...logits)))
    }
    expect([...drawn]).toEqual(expected.slice(1))
    await expectSameState(model, many, single)
  })

  test('counts what it has drawn', async () => {
    using model = await create()
    using state = await model.createState()
    // nothing is said twice as long as there is something new
    const settings = { ...plain, presencePenalty: 1e6, history: { seen: [3], output: new Map([[3, 1]]) } }
    const drawn = await model.decodeMany(state, 3, settings, spec.vocabSize - 1)
    expect([...drawn].sort((a, b) => a - b)).toEqual([...Array(spec.vocabSize).keys()].filter((id) => id !== 3))
  })

  test('refuses what is out of range and leaves the state', async () => {
    using model = await create()
    using state = await model.createState()
    const attempts: readonly [Partial<SamplingSettings>, number, string][] = [
      [{ temperature: -1 }, 1, 'temperature: expected a number of at least 0, got -1'],
      [{ topP: 0 }, 1, 'topP'],
      [{ topK: 1.5 }, 1, 'topK'],
      [{ seed: NaN }, 1, 'seed'],
      [{ logitBias: new Map([[99, 1]]) }, 1, 'an id from 0 to 16, got 99'],
      [{}, 0, 'repeat.times: expected a whole number of at least 1, got 0'],
    ]
    for (const [wrong, count, message] of attempts) {
      await expect(model.decodeMany(state, 3, { ...plain, ...wrong }, count)).rejects.toThrow(message)
    }
    expect(() => model.program('decode', { rows: 1, length: 2 })).toThrow('length of a decode program')
    expect((await model.snapshot(state)).position).toBe(0)
  })

  test('is known by its backend', async () => {
    const backend: Backend = { ...reference(), supports: ({ op }) => op !== 'sample' || 'no kernel' }
    using model = await create({ backend })
    using state = await model.createState()
    expect(model.drawsTokens).toBe(false)
    await expect(model.decodeMany(state, 3, plain, 2)).rejects.toThrow('op sample: the backend has no kernel')
  })
})
