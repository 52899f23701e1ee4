// The op `sample` of @retnet/core means what the sampler here does.
import { interpret, sample, trace } from '@retnet/core'
import { expect, test } from 'vitest'
import { philox } from './philox.js'
import { type SamplingRules, createSampler } from './sampler.js'

const numbers = new Uint32Array(4)
/** Uniform numbers in [0, 1) that depend on `place` alone. */
const random = (place: number, at: number) => {
  philox(numbers, at, place, 0, 0, 99, 0)
  return numbers[0] / 2 ** 32
}

function pick<T>(place: number, at: number, ...values: readonly T[]): T {
  return values[Math.floor(random(place, at) * values.length)]
}

interface Example {
  readonly logits: Float32Array
  readonly rules: SamplingRules
  readonly history: Int32Array
  readonly seed: number
  readonly index: number
}

function example(place: number): Example {
  const size = pick(place, 0, 1, 2, 63, 129)
  // some logits are equal, some tokens cannot be
  const step = pick(place, 1, 0, 0.5)
  const logits = Float32Array.from({ length: size }, (_, id) => {
    const logit = random(place, 100 + id) * 8 - 4
    if (id > 0 && random(place, 400 + id) < 0.05) return -Infinity
    return step > 0 ? Math.round(logit / step) * step : logit
  })
  const f32 = Math.fround
  return {
    logits,
    history: Int32Array.from({ length: size }, (_, id) => Math.floor(random(place, 700 + id) ** 3 * 5)),
    seed: Math.floor(random(place, 2) * 2 ** 53),
    index: Math.floor(random(place, 3) * 2 ** 31),
    rules: {
      temperature: pick(place, 4, 0, f32(0.3), 1, f32(1.7)),
      topK: pick(place, 5, 0, 0, 1, 5, 50, 200),
      topP: pick(place, 6, 1, 1, f32(0.95), 0.5, f32(0.1)),
      minP: pick(place, 7, 0, 0, f32(0.05), 0.5),
      repetitionPenalty: pick(place, 8, 1, f32(1.2), 0.5),
      frequencyPenalty: pick(place, 9, 0, f32(0.3), -1),
      presencePenalty: pick(place, 10, 0, 0.5, -2),
      logitBias: new Map(
        random(place, 11) < 0.5 ? [] : [[Math.floor(random(place, 12) * size), random(place, 13) < 0.5 ? -100 : 3]],
      ),
    },
  }
}

function sampled({ logits, history, rules, seed, index }: Example): number {
  const { logitBias, ...numbersOf } = rules
  const shape = [1, logits.length]
  const graph = trace('draw', (g) => ({
    id: sample({
      logits: g.input('logits', shape),
      rules: g.input('rules', [1, 7]),
      seed: g.input('seed', [1, 2], 'i32'),
      index: g.input('index', [1], 'i32'),
      history: g.input('history', shape, 'i32'),
      bias: g.input('bias', shape),
    }),
  }))
  const { temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty } = numbersOf
  const { outputs } = interpret(graph, {
    logits: Float64Array.from(logits),
    rules: Float64Array.of(temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty),
    seed: Int32Array.of(seed, Math.floor(seed / 2 ** 32)),
    index: Int32Array.of(index),
    history,
    bias: Float64Array.from(logits, (_, id) => logitBias.get(id) ?? 0),
  })
  return outputs.id[0]
}

test('2,000 draws by random rules are the same', () => {
  const different: Example[] = []
  for (let place = 0; place < 2000; place++) {
    const one = example(place)
    const { logits, history, rules, seed, index } = one
    const ids = [...history.keys()]
    const seen = new Set(ids.filter((id) => history[id] > 0))
    const output = new Map(ids.filter((id) => history[id] > 1).map((id) => [id, history[id] - 1]))
    const expected = createSampler(rules, logits.length)(logits, { seen, output }, { seed, index })
    if (sampled(one) !== expected) different.push(one)
  }
  expect(different).toEqual([])
})
