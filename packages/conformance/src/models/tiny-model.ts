import { type Backend, Model, type WeightData, parameterShapes, sizeOf } from '@retnet/core'
import { random } from '../values/random.js'
import { tinySpec } from './tiny-spec.js'

const spec = tinySpec('glu', 2)

/** A RetNet of two layers and seeded weights on any backend; the same on every call. `change` may spoil the weights. */
export function tinyModel(
  backend: Backend,
  change: (name: string, data: Float32Array) => void = () => {},
): Promise<Model> {
  return Model.create({ spec, backend, weights: weights(change), fingerprint: () => 'tiny' })
}

function* weights(change: (name: string, data: Float32Array) => void): Generator<[string, WeightData]> {
  for (const [name, shape] of parameterShapes(spec)) {
    const next = random(name)
    const data = Float32Array.from({ length: sizeOf(shape) }, () => next() * 2 - 1)
    change(name, data)
    yield [name, { type: { dtype: 'f32', shape }, encoding: 'f32', data }]
  }
}
