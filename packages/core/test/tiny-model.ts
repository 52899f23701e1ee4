// A RetNet of one layer and 17 ids on the reference backend, and what its tests compare.
import { expect } from 'vitest'
import { sizeOf } from '../src/contract/tensor.js'
import type { WeightData } from '../src/contract/weight.js'
import { reference } from '../src/interpret/reference-backend.js'
import { parameterShapes } from '../src/model/graphs.js'
import { Model, type ModelOptions } from '../src/model/model.js'
import type { RetNetSpec } from '../src/model/spec.js'

export const spec: RetNetSpec = {
  vocabSize: 17,
  width: 8,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  keyWidth: 8,
  valueWidth: 12,
  decay: 'power',
  scoreScale: 'key',
  rowNorm: 'sqrt-decay-sum',
  rotary: { layout: 'interleaved', frequencies: 'inclusive', base: 10_000 },
  norm: { kind: 'rms', epsilon: 1e-6, bias: false },
  headNorm: { kind: 'rms', epsilon: 1e-6, affine: true },
  gate: 'silu',
  feedForward: { kind: 'glu', width: 10, activation: 'gelu', bias: false, innerNorm: null },
  bias: { projections: false, output: false, head: true },
  embeddingScale: 1,
  embeddingNorm: false,
  normPlacement: 'pre',
  finalNorm: true,
  residualScale: 1,
  tiedHead: false,
}

export function* weights(of = spec): Generator<[string, WeightData]> {
  for (const [name, shape] of parameterShapes(of)) {
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, at) => Math.sin(at * 12.9898 + name.length))
    yield [name, { type: { dtype: 'f32', shape }, encoding: 'f32', data }]
  }
}

export const create = (options: Partial<ModelOptions> = {}) =>
  Model.create({ spec, backend: reference(), weights: weights(), fingerprint: () => 'f'.repeat(16), ...options })

export const text = (length: number) => Int32Array.from({ length }, (_, at) => (at * 7 + 3) % spec.vocabSize)

export async function expectSameState(model: Model, a: Parameters<Model['snapshot']>[0], b: typeof a): Promise<void> {
  const [left, right] = [await model.snapshot(a), await model.snapshot(b)]
  expect(left.position).toBe(right.position)
  for (const [name, { data }] of Object.entries(left.tensors)) {
    data.forEach((value, at) => expect(value, `${name}[${at}]`).toBeCloseTo(right.tensors[name].data[at], 5))
  }
}
