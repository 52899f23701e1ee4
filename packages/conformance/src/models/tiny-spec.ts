import type { RetNetSpec } from '@retnet/core'

/** A RetNet small enough to differentiate in the interpreter: 31 ids, width 12, two heads. The two kinds differ in every option. */
export function tinySpec(kind: 'glu' | 'mlp', layers = 1): RetNetSpec {
  const glu = kind === 'glu'
  return {
    vocabSize: 31,
    width: 12,
    layers,
    heads: 2,
    keyValueHeads: glu ? 2 : 1,
    keyWidth: 8,
    valueWidth: 12,
    decay: glu ? 'power' : 'linspace',
    scoreScale: glu ? 'key' : 'query',
    rowNorm: glu ? 'sqrt-decay-sum' : 'none',
    rotary: {
      layout: glu ? 'interleaved' : 'half',
      frequencies: glu ? 'inclusive' : 'standard',
      base: 10_000,
    },
    norm: glu ? { kind: 'rms', epsilon: 1e-5, bias: false } : { kind: 'layer', epsilon: 1e-5, bias: true },
    headNorm: { kind: glu ? 'rms' : 'layer', epsilon: 1e-3, affine: !glu },
    gate: glu ? 'silu' : 'gelu',
    feedForward: {
      kind,
      width: 14,
      activation: glu ? 'gelu' : 'silu',
      bias: !glu,
      innerNorm: glu ? null : { kind: 'layer', epsilon: 1e-5, bias: true },
    },
    bias: { projections: !glu, output: !glu, head: !glu },
    embeddingScale: glu ? 1 : Math.sqrt(12),
    embeddingNorm: !glu,
    normPlacement: glu ? 'pre' : 'post',
    finalNorm: glu,
    residualScale: glu ? 1 : 1.5,
    tiedHead: !glu,
  }
}
