import { expect, test } from 'vitest'
import { create, spec, text, weights } from '../../test/tiny-model.js'
import { interpret } from '../interpret/interpret.js'
import { decodeWeight } from '../interpret/decode-weight.js'
import { reference } from '../interpret/reference-backend.js'
import { Embedding } from './embedding.js'
import { embedGraph } from './graphs.js'

/** All tokens at once, by the interpreter. */
function plainly(tokens: Int32Array, weightOf: (at: number) => number): number[] {
  const parameters = Object.fromEntries([...weights()].map(([name, weight]) => [name, decodeWeight(weight)]))
  const { length } = tokens
  const { outputs } = interpret(embedGraph(spec, { rows: 1, length }), {
    ...parameters,
    tokens: Float64Array.from(tokens),
    mask: new Float64Array(length).fill(1),
    weights: Float64Array.from({ length }, (_, at) => weightOf(at)),
  })
  return [...outputs.pooled]
}

test.each([1, 2, 15, 16, 17, 129, 300])('a text of %i tokens by chunks is what it is at once', async (length) => {
  const backend = reference()
  using model = await create({ backend: { ...backend, limits: { ...backend.limits, preferredTokens: 128 } } })
  const tokens = text(length)
  for (const [pooling, weightOf] of [
    ['mean', () => 1 / length],
    ['last', (at: number) => +(at === length - 1)],
  ] as const) {
    const vector = await model.embed(tokens, { pooling })
    const expected = plainly(tokens, weightOf)
    expect(vector).toHaveLength(spec.width)
    vector.forEach((value, at) => expect(value).toBeCloseTo(expected[at], 5))
  }
})

test('what has no embedding is refused, and a step that failed may be tried again', async () => {
  const backend = reference()
  using model = await create({ backend })
  await expect(model.embed([])).rejects.toThrow('tokens: expected at least one id')
  await expect(model.embed([99])).rejects.toThrow('an id from 0 to 16')
  await expect(model.embed([1], { pooling: 'max' as 'mean' })).rejects.toThrow('mean or last')
  await expect(model.embed(text(300), { signal: AbortSignal.abort() })).rejects.toThrow()
  using embedding = new Embedding(model, text(40))
  await expect(embedding.step(AbortSignal.abort())).rejects.toThrow()
  while (!embedding.isDone) await embedding.step()
  expect([...embedding.vector]).toEqual([...(await model.embed(text(40)))])
})
