import { SpecError } from '../errors/spec-error.js'
import { logDecays } from '../retention/decay.js'
import { type RetNetSpec, headWidths } from './spec.js'

const largest = {
  vocabSize: 2 ** 24,
  width: 2 ** 17,
  layers: 4096,
  heads: 2 ** 12,
  keyValueHeads: 2 ** 12,
  keyWidth: 2 ** 19,
  valueWidth: 2 ** 19,
} as const

/** Throws SpecError at the first field that no RetNet can have. Nothing is allocated before this has passed. */
export function checkSpec(spec: RetNetSpec): void {
  for (const field of Object.keys(largest) as (keyof typeof largest)[]) requireCount(field, spec[field], largest[field])
  requireCount('feedForward.width', spec.feedForward.width, 2 ** 20)
  requireDivides('heads', spec.heads, spec.keyWidth, 'keyWidth')
  requireDivides('heads', spec.heads, spec.valueWidth, 'valueWidth')
  requireDivides('keyValueHeads', spec.keyValueHeads, spec.heads, 'heads')
  requireChoices(spec)
  const { key } = headWidths(spec)
  if (key % 2) throw new SpecError('keyWidth', 'an even width a head, for the rotary pairs', key)
  requirePositive('norm.epsilon', spec.norm.epsilon)
  requirePositive('headNorm.epsilon', spec.headNorm.epsilon)
  requirePositive('rotary.base', spec.rotary.base)
  requirePositive('embeddingScale', spec.embeddingScale)
  requirePositive('residualScale', spec.residualScale)
  if (spec.feedForward.innerNorm) requirePositive('feedForward.innerNorm.epsilon', spec.feedForward.innerNorm.epsilon)
  if (spec.feedForward.kind === 'glu' && spec.feedForward.innerNorm) {
    throw new SpecError('feedForward.innerNorm', 'none with a glu', 'a norm')
  }
  logDecays(spec.decay, spec.heads)
}

function requireChoices({
  scoreScale,
  rowNorm,
  rotary,
  norm,
  headNorm,
  gate,
  feedForward,
  normPlacement,
}: RetNetSpec): void {
  const choices: readonly (readonly [field: string, value: string, known: readonly string[]])[] = [
    ['scoreScale', scoreScale, ['query', 'key']],
    ['rowNorm', rowNorm, ['none', 'sqrt-decay-sum']],
    ['rotary.layout', rotary.layout, ['interleaved', 'half']],
    ['rotary.frequencies', rotary.frequencies, ['inclusive', 'standard']],
    ['norm.kind', norm.kind, ['rms', 'layer']],
    ['headNorm.kind', headNorm.kind, ['rms', 'layer']],
    ['gate', gate, ['silu', 'gelu', 'none']],
    ['feedForward.kind', feedForward.kind, ['glu', 'mlp']],
    ['feedForward.activation', feedForward.activation, ['silu', 'gelu']],
    ['feedForward.innerNorm.kind', feedForward.innerNorm?.kind ?? 'rms', ['rms', 'layer']],
    ['normPlacement', normPlacement, ['pre', 'post']],
  ]
  const bad = choices.find(([, value, known]) => !known.includes(value))
  if (bad) throw new SpecError(bad[0], `one of ${bad[2].join(', ')}`, bad[1])
}

function requireCount(field: string, value: number, limit: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= limit) return
  throw new SpecError(field, `a whole number from 1 to ${limit}`, value)
}

function requireDivides(field: string, divisor: number, value: number, of: string): void {
  if (value % divisor) throw new SpecError(field, `a divisor of ${of} ${value}`, divisor)
}

function requirePositive(field: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) throw new SpecError(field, 'a positive number', value)
}
