import { describe, expect, test } from 'vitest'
import { LogitsError } from '../errors.js'
import { createSampler, type SamplingRules, type TokenHistory } from './sampler.js'
import { greedy } from './greedy.js'
import { keepPrefix } from './keep-prefix.js'
import { logitBias } from './logit-bias.js'
import { logProbabilities } from './log-probabilities.js'
import { minP } from './min-p.js'
import { outputPenalty } from './output-penalty.js'
import { repetitionPenalty } from './repetition-penalty.js'
import { temperature } from './temperature.js'
import { topK } from './top-k.js'
import { topP } from './top-p.js'

const allIds = (size: number) => Int32Array.from({ length: size }, (_, id) => id)
const kept = (ids: Int32Array, count: number) => [...ids.subarray(0, count)].sort((a, b) => a - b)

describe('penalties', () => {
  test('repetition divides positive logits and multiplies negative ones', () => {
    const scores = Float64Array.of(3, -1, 0, 5)
    repetitionPenalty(scores, [0, 1, 2], 2)
    expect([...scores]).toEqual([1.5, -2, 0, 5])
  })

  test('frequency counts every occurrence, presence the first one', () => {
    const scores = Float64Array.of(3, -1, 0, 5)
    outputPenalty(
      scores,
      new Map([
        [0, 3],
        [1, 1],
      ]),
      0.5,
      0.25,
    )
    expect([...scores]).toEqual([1.25, -1.75, 0, 5])
  })

  test('a bias is added', () => {
    const scores = Float64Array.of(3, -1)
    logitBias(scores, new Map([[1, 100]]))
    expect([...scores]).toEqual([3, 99])
  })
})

test('a mask leaves its tokens alone to every rule, and an empty one is an error', () => {
  const rules = {
    temperature: 0,
    topK: 2,
    topP: 0.5,
    minP: 0,
    repetitionPenalty: 1,
    frequencyPenalty: 0,
    presencePenalty: 0,
  }
  const history = { seen: new Set<number>(), output: new Map<number, number>() }
  const logits = Float32Array.from({ length: 40 }, (_, id) => id / 4)
  const draw = (more: object, ...ids: number[]) => {
    const mask = new Uint32Array(2)
    for (const id of ids) mask[id >>> 5] |= 1 << (id & 31)
    return createSampler({ ...rules, logitBias: new Map([[9, 100]]), ...more }, 40)(
      logits,
      history,
      { seed: 1, index: 2 },
      mask,
    )
  }
  expect([draw({}, 3, 31, 33), draw({}, 3, 9, 33), draw({}, 31)]).toEqual([33, 9, 31])
  expect([draw({ temperature: 1 }, 3), draw({ temperature: 1, topK: 1 }, 2, 30, 32)]).toEqual([3, 32])
  expect(() => draw({})).toThrow(LogitsError)
})

describe('cuts', () => {
  test('top-k keeps k tokens, of equal ones those with lower ids', () => {
    const scores = Float64Array.of(1, 2, 2, 0, 2)
    const keep = (k: number) => {
      const ids = allIds(5)
      return kept(ids, topK(scores, ids, 5, k))
    }
    expect([1, 2, 3, 4, 5, 0, 99].map(keep)).toEqual([
      [1],
      [1, 2],
      [1, 2, 4],
      [0, 1, 2, 4],
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
    ])
  })

  test('top-p keeps the fewest tokens that reach p, at least one', () => {
    const weights = Float64Array.of(1, 4, 2, 1)
    const keep = (p: number) => {
      const ids = allIds(4)
      return kept(ids, topP(weights.map(Math.log), weights, ids, 4, p))
    }
    expect([0.001, 0.5, 0.51, 0.75, 0.76, 0.875, 0.88, 1].map(keep)).toEqual([
      [1],
      [1],
      [1, 2],
      [1, 2],
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ])
  })

  test('min-p keeps tokens by their share of the best probability', () => {
    const weights = Float64Array.of(0.25, 1, 0.5, 0.1)
    const keep = (p: number) => {
      const ids = allIds(4)
      return kept(ids, minP(weights, ids, 4, p))
    }
    expect([0, 0.1, 0.25, 0.3, 0.99].map(keep)).toEqual([[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2], [1, 2], [1]])
  })

  test.each([1, 2, 63, 100, 129])('selection without sorting equals sorting, for %i tokens', (size) => {
    // many equal scores, in an order that is neither up nor down
    const scores = Float64Array.from({ length: size }, (_, id) => (id * 29) % 11)
    const weights = scores.map((score) => 1 + score)
    const sorted = [...allIds(size)].sort((a, b) => scores[b] - scores[a] || a - b)
    let sum = 0
    sorted.forEach((id, rank) => {
      sum += weights[id]
      for (const [target, by] of [
        [sum, weights],
        [rank + 1, null],
      ] as const) {
        const ids = allIds(size).toReversed()
        const count = keepPrefix(scores, ids, size, target, by)
        expect(kept(ids, count)).toEqual(sorted.slice(0, rank + 1).sort((a, b) => a - b))
        expect(kept(ids, size)).toEqual([...allIds(size)])
      }
    })
  })
})

describe('temperature', () => {
  test('scores become differences to the best one, divided', () => {
    const scores = Float64Array.of(1, 3, -Infinity)
    temperature(scores, 2)
    expect([...scores]).toEqual([-1, 0, -Infinity])
  })

  test('the smallest temperature there is gives the best token, not NaN', () => {
    const scores = Float64Array.of(1, 3, 2)
    temperature(scores, Number.MIN_VALUE)
    expect([...scores]).toEqual([-Infinity, 0, -Infinity])
  })

  test('greedy takes the lower of two equal ids', () => {
    expect(greedy([-Infinity, 2, 7, 7])).toBe(2)
  })
})

describe('log-probabilities', () => {
  test('are the log-softmax of the raw logits, best first, lower id first', () => {
    const logits = Float32Array.of(0, Math.fround(Math.log(2)), 0, -Infinity)
    const { logprob, top } = logProbabilities(logits, 2, 3)
    expect(logprob).toBeCloseTo(Math.log(0.25), 7)
    expect(top.map(({ id }) => id)).toEqual([1, 0, 2])
    expect(Math.exp(top[0].logprob)).toBeCloseTo(0.5, 7)
    expect(logProbabilities(logits, 3, 0)).toEqual({ logprob: -Infinity, top: [] })
  })

  test('do not overflow for large logits', () => {
    expect(logProbabilities(Float32Array.of(3e38, 3e38), 0, 0).logprob).toBeCloseTo(Math.log(0.5), 12)
  })
})

describe('the sampler', () => {
  const plain: SamplingRules = {
    temperature: 1,
    topK: 0,
    topP: 1,
    minP: 0,
    repetitionPenalty: 1,
    frequencyPenalty: 0,
    presencePenalty: 0,
    logitBias: new Map(),
  }
  const nothing: TokenHistory = { seen: new Set(), output: new Map() }
  const drawn = (logits: number[], rules: Partial<SamplingRules>, history = nothing) => {
    const sample = createSampler({ ...plain, ...rules }, logits.length)
    const ids = Array.from({ length: 400 }, (_, index) =>
      sample(Float32Array.from(logits), history, { seed: 5, index }),
    )
    return [...new Set(ids)].sort((a, b) => a - b)
  }

  test('applies penalties, then the bias, then the cuts', () => {
    const history = { seen: new Set([0]), output: new Map([[1, 2]]) }
    // 8 / 4 = 2, 6 - 2 * 1.5 - 1 = 2, 1 + 1.5 = 2.5: the last one is best
    const rules = { repetitionPenalty: 4, frequencyPenalty: 1.5, presencePenalty: 1, logitBias: new Map([[2, 1.5]]) }
    expect(drawn([8, 6, 1], { ...rules, temperature: 0 }, history)).toEqual([2])
    expect(drawn([8, 6, 1], { ...rules, topK: 2 }, history)).toEqual([0, 2])
  })

  test('top-p counts the probabilities that top-k has left', () => {
    // of all: 0.4, 0.3, 0.2, 0.1; of the best two: 0.57, 0.43
    const logits = [0.4, 0.3, 0.2, 0.1].map(Math.log)
    expect(drawn(logits, { topP: 0.55 })).toEqual([0, 1])
    expect(drawn(logits, { topK: 2, topP: 0.55 })).toEqual([0])
  })

  test('temperature comes before top-p and min-p', () => {
    const logits = [0.4, 0.3, 0.2, 0.1].map(Math.log)
    expect(drawn(logits, { minP: 0.6 })).toEqual([0, 1])
    expect(drawn(logits, { minP: 0.6, temperature: 2 })).toEqual([0, 1, 2])
    expect(drawn(logits, { topP: 0.6, temperature: 0.1 })).toEqual([0])
  })

  test('never draws a token whose logit is -Infinity', () => {
    expect(drawn([-Infinity, 0, -Infinity, 0], {})).toEqual([1, 3])
    expect(drawn([-Infinity, 0, -Infinity, 0], { topK: 4 })).toEqual([1, 3])
  })

  test('says what is wrong with logits that nothing can be drawn from', () => {
    expect(() => drawn([0, NaN], {})).toThrow(LogitsError)
    expect(() => drawn([0, NaN], { temperature: 0 })).toThrow(
      'logit of token 1: expected a finite number or -Infinity, got NaN.',
    )
    expect(() => drawn([Infinity, 0], {})).toThrow(LogitsError)
    expect(() => drawn([-Infinity, -Infinity], {})).toThrow(
      'logits: expected at least one finite number, got only -Infinity.',
    )
    expect(() => createSampler(plain, 3)(new Float32Array(2), nothing, { seed: 0, index: 0 })).toThrow('3 numbers')
  })
})
