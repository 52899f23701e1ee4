/** A model of 134 million random weights: width 768, 12 layers, heads of 256 by 512. Its text is noise; its speed is that of a real one. */
import {
  type Backend,
  Model,
  type RetNetSpec,
  type WeightData,
  type WeightEncoding,
  parameterShapes,
} from '@retnet/core'
import { encodeValues } from '@retnet/formats'

export interface RandomShape {
  readonly vocabSize: number
  readonly width: number
  readonly layers: number
  readonly heads: number
  /** Width of the feed-forward. */
  readonly hidden: number
}

/** The layout of fla with these sizes. */
export function randomSpec({ vocabSize, width, layers, heads, hidden }: RandomShape): RetNetSpec {
  return {
    vocabSize,
    width,
    layers,
    heads,
    keyValueHeads: heads,
    keyWidth: width,
    valueWidth: 2 * width,
    decay: 'power',
    scoreScale: 'query',
    rowNorm: 'none',
    rotary: { layout: 'half', frequencies: 'standard', base: 10_000 },
    norm: { kind: 'rms', epsilon: 1e-6, bias: false },
    headNorm: { kind: 'rms', epsilon: 1e-6, affine: true },
    gate: 'silu',
    feedForward: { kind: 'glu', width: hidden, activation: 'silu', bias: false, innerNorm: null },
    bias: { projections: false, output: false, head: false },
    embeddingScale: 1,
    embeddingNorm: false,
    normPlacement: 'pre',
    finalNorm: true,
    residualScale: 1,
    tiedHead: false,
  }
}

const spec = randomSpec({ vocabSize: 32_000, width: 768, layers: 12, heads: 3, hidden: 1024 })

export async function randomModel(backend: Backend, dtype: WeightEncoding): Promise<Model> {
  return Model.create({ spec, backend, weights: weights(dtype), fingerprint: () => 'random' })
}

function* weights(dtype: WeightEncoding): Generator<readonly [string, WeightData]> {
  for (const [name, shape] of parameterShapes(spec)) yield [name, weight(shape, shape.length < 2 ? 'f32' : dtype)]
}

// the same numbers every time; a generator of this quality is enough for noise
function weight(shape: readonly number[], encoding: WeightEncoding): WeightData {
  let seed = shape.length
  const range = 1 / Math.sqrt(shape[shape.length - 1])
  const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1))
  for (let at = 0; at < values.length; at++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0
    values[at] = (seed / 2 ** 31) * range
  }
  return encodeValues(values, shape, encoding)
}
