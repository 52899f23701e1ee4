import { expect, test } from 'vitest'
import { RetNetError } from '../errors/retnet-error.js'
import { checkSpec } from './check-spec.js'
import { type RetNetSpec, stateBytes } from './spec.js'

const spec: RetNetSpec = {
  vocabSize: 17,
  width: 8,
  layers: 2,
  heads: 2,
  keyValueHeads: 1,
  keyWidth: 8,
  valueWidth: 12,
  decay: 'power',
  scoreScale: 'key',
  rowNorm: 'sqrt-decay-sum',
  rotary: { layout: 'interleaved', frequencies: 'inclusive', base: 10_000 },
  norm: { kind: 'rms', epsilon: 1e-6, bias: false },
  headNorm: { kind: 'rms', epsilon: 1e-6, affine: false },
  gate: 'silu',
  feedForward: { kind: 'glu', width: 10, activation: 'gelu', bias: false, innerNorm: null },
  bias: { projections: false, output: false, head: false },
  embeddingScale: 1,
  embeddingNorm: false,
  normPlacement: 'pre',
  finalNorm: true,
  residualScale: 1,
  tiedHead: false,
}

const broken: readonly (readonly [string, Partial<RetNetSpec>])[] = [
  ...(['vocabSize', 'width', 'layers', 'heads', 'keyValueHeads', 'keyWidth', 'valueWidth'] as const).flatMap((field) =>
    [0, -1, 1.5, Number.NaN, 2 ** 40, '8' as never, undefined as never].map(
      (value): readonly [string, Partial<RetNetSpec>] => [field, { [field]: value }],
    ),
  ),
  ['scoreScale', { scoreScale: 'value' as never }],
  ['rowNorm', { rowNorm: 'sum' as never }],
  ['rotary.layout', { rotary: { ...spec.rotary, layout: 'neox' as never } }],
  ['rotary.frequencies', { rotary: { ...spec.rotary, frequencies: undefined as never } }],
  ['norm.kind', { norm: { ...spec.norm, kind: 'batch' as never } }],
  ['headNorm.kind', { headNorm: { ...spec.headNorm, kind: 'group' as never } }],
  ['gate', { gate: 'relu' as never }],
  ['feedForward.kind', { feedForward: { ...spec.feedForward, kind: 'moe' as never } }],
  ['feedForward.activation', { feedForward: { ...spec.feedForward, activation: 'swish' as never } }],
  ['normPlacement', { normPlacement: 'both' as never }],
  ['feedForward.width', { feedForward: { ...spec.feedForward, width: 0 } }],
  ['heads', { heads: 3, keyValueHeads: 3 }],
  ['heads', { valueWidth: 13 }],
  ['keyValueHeads', { heads: 4, keyValueHeads: 3 }],
  ['keyWidth', { keyWidth: 6 }],
  ['norm.epsilon', { norm: { ...spec.norm, epsilon: 0 } }],
  ['headNorm.epsilon', { headNorm: { ...spec.headNorm, epsilon: Number.NaN } }],
  ['rotary.base', { rotary: { ...spec.rotary, base: -1 } }],
  ['embeddingScale', { embeddingScale: Infinity }],
  ['residualScale', { residualScale: 0 }],
  [
    'feedForward.innerNorm',
    { feedForward: { ...spec.feedForward, innerNorm: { kind: 'layer', epsilon: 1e-5, bias: true } } },
  ],
  [
    'feedForward.innerNorm.epsilon',
    { feedForward: { ...spec.feedForward, kind: 'mlp', innerNorm: { kind: 'layer', epsilon: 0, bias: true } } },
  ],
]

test('a sound specification passes', () => {
  checkSpec(spec)
  checkSpec({ ...spec, decay: [0.5, 1] })
})

test.each(broken)('%s is refused: %j', (field, change) => {
  let thrown: unknown
  try {
    checkSpec({ ...spec, ...change })
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ name: 'SpecError', field })
})

test('decays outside (0, 1], or of another number than heads, are refused', () => {
  for (const decay of ['none' as never, null as never, [0.5], [0.5, 0.5, 0.5], [0.5, 0], [0.5, 1.5]]) {
    let thrown: unknown
    try {
      checkSpec({ ...spec, decay })
    } catch (error) {
      thrown = error
    }
    expect(RetNetError.isInstance(thrown), String(decay)).toBe(true)
  }
})

test('the state of a sequence is layers * heads * Dk * Dv float32 numbers and a position', () => {
  expect(stateBytes(spec)).toBe(2 * 2 * 4 * 6 * 4 + 4)
})
