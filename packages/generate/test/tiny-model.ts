// A RetNet of a few hundred random weights on the reference backend of @retnet/core. Every call makes the same model anew.
import { Model, type RetNetSpec, type WeightData, parameterShapes, reference } from '@retnet/core'
import { philox } from '@retnet/generate'

export const tinySpec: RetNetSpec = {
  vocabSize: 19,
  width: 8,
  layers: 2,
  heads: 2,
  keyValueHeads: 2,
  keyWidth: 8,
  valueWidth: 16,
  decay: 'power',
  scoreScale: 'query',
  rowNorm: 'none',
  rotary: { layout: 'half', frequencies: 'standard', base: 10_000 },
  norm: { kind: 'rms', epsilon: 1e-6, bias: false },
  headNorm: { kind: 'rms', epsilon: 1e-6, affine: true },
  gate: 'silu',
  feedForward: { kind: 'glu', width: 12, activation: 'silu', bias: false, innerNorm: null },
  bias: { projections: false, output: false, head: false },
  embeddingScale: 1,
  embeddingNorm: false,
  normPlacement: 'pre',
  finalNorm: true,
  residualScale: 1,
  tiedHead: false,
}

export function tinyModel(seed = 1): Promise<Model> {
  const fingerprint = () => `tiny ${seed}`
  return Model.create({ spec: tinySpec, backend: reference(), weights: randomWeights(seed), fingerprint })
}

function* randomWeights(seed: number): Generator<[string, WeightData]> {
  const numbers = new Uint32Array(4)
  let counter = 0
  for (const [name, shape] of parameterShapes(tinySpec)) {
    const size = shape.reduce((product, extent) => product * extent, 1)
    const data = Float32Array.from({ length: size }, () => {
      philox(numbers, counter++, 0, 0, 0, seed, 0)
      return numbers[0] / 2 ** 31 - 1
    })
    yield [name, { type: { dtype: 'f32', shape }, encoding: 'f32', data }]
  }
}
