/**
 * The RetNet model (arXiv 2307.08621), written once. It records operations; which form retention takes, where the numbers live and
 * how fast they move is the backend's concern.
 *
 * Legend: B batch rows, T time, D width, H heads, Dk key width and Dv value width of a head, F feed-forward width, V vocabulary.
 */
import type { GraphBuilder, Value } from '../graph/builder.js'
import { matmul, embed } from '../ops/contraction.js'
import { add, gelu, mul, scale, silu } from '../ops/elementwise.js'
import { layerNorm, rmsNorm } from '../ops/norm.js'
import { decayNorm, positions, rotary } from '../ops/position.js'
import { retention } from '../ops/retention.js'
import { broadcast, reshape } from '../ops/structure.js'
import { logDecays } from '../retention/decay.js'
import { type Activation, type NormSpec, type RetNetSpec, headWidths } from './spec.js'

export interface RetNetInputs {
  readonly tokens: Value // i32 [B, T]
  /** 1 for a token, 0 for padding: a padded token neither decays nor adds, nor does it count as a position. */
  readonly mask: Value // i32 [B, T]
}

/** Hidden states after the last block and norm, [B, T, D]. Declares the weights and the states of the model. */
export function retnet(g: GraphBuilder, spec: RetNetSpec, inputs: RetNetInputs): Value {
  return retnetWithCount(g, spec, inputs).hidden
}

/** The same, and the number of tokens that each row has taken in, these included: count i32 [B]. */
export function retnetWithCount(
  g: GraphBuilder,
  spec: RetNetSpec,
  { tokens, mask }: RetNetInputs,
): { hidden: Value; count: Value } {
  const [batch] = tokens.type.shape
  const start = g.state('position', [batch], 'i32')
  const place = positions(start, mask)
  g.updateState(start, place.next)

  let x = embedding(g, spec, tokens)
  for (let layer = 0; layer < spec.layers; layer++) {
    const name = `layers.${layer}`
    x = residual(g, spec, `${name}.retentionNorm`, x, (y) =>
      multiScaleRetention(g, spec, `${name}.retention`, y, place.positions, mask),
    )
    x = residual(g, spec, `${name}.feedForwardNorm`, x, (y) => feedForward(g, spec, `${name}.feedForward`, y))
  }
  return { hidden: spec.finalNorm ? norm(g, spec.norm, 'norm', x) : x, count: place.next }
}

/** Logits [..., V] of hidden states [..., D]. */
export function languageModelHead(g: GraphBuilder, spec: RetNetSpec, hidden: Value): Value {
  const table = spec.tiedHead ? 'embedding.weight' : 'head.weight'
  const logits = matmul(hidden, g.parameter(table, [spec.vocabSize, spec.width]), { transposeB: true })
  return spec.bias.head ? add(logits, g.parameter('head.bias', [spec.vocabSize])) : logits
}

function embedding(g: GraphBuilder, spec: RetNetSpec, tokens: Value): Value {
  const x = embed(g.parameter('embedding.weight', [spec.vocabSize, spec.width]), tokens) // [B, T, D]
  const scaled = spec.embeddingScale === 1 ? x : scale(x, spec.embeddingScale)
  return spec.embeddingNorm ? norm(g, spec.norm, 'embeddingNorm', scaled) : scaled
}

/** alpha x + block(norm(x)), or norm(alpha x + block(x)) with norms after. */
function residual(g: GraphBuilder, spec: RetNetSpec, name: string, x: Value, block: (y: Value) => Value): Value {
  const skip = spec.residualScale === 1 ? x : scale(x, spec.residualScale)
  if (spec.normPlacement === 'pre') return add(skip, block(norm(g, spec.norm, name, x)))
  return norm(g, spec.norm, name, add(skip, block(x)))
}

/** Equation 8: retention of every head, its norm, the gate and the output projection. */
function multiScaleRetention(
  g: GraphBuilder,
  spec: RetNetSpec,
  name: string,
  x: Value,
  place: Value,
  mask: Value,
): Value {
  const [batch, length] = x.type.shape
  const { heads, keyValueHeads } = spec
  const { key, value } = headWidths(spec)
  const project = (part: string, count: number, width: number) =>
    reshape(linear(g, `${name}.${part}`, x, count * width, spec.bias.projections), [batch, length, count, width])
  const root = key ** -0.5
  const logDecay = logDecays(spec.decay, heads)
  const rotation = { ...spec.rotary, inverse: false }

  const queries = project('query', heads, key) // [B, T, H, Dk]
  const keys = project('key', keyValueHeads, key)
  const q = rotary(spec.scoreScale === 'query' ? scale(queries, root) : queries, place, rotation)
  const k = rotary(spec.scoreScale === 'key' ? scale(keys, root) : keys, place, rotation)
  const v = project('value', keyValueHeads, value) // [B, T, H, Dv]

  const before = g.state(name, [batch, heads, key, value])
  const retained = retention(q, repeatHeads(k, heads), repeatHeads(v, heads), { logDecay, mask, state: before })
  g.updateState(before, retained.state)

  const scaled = spec.rowNorm === 'none' ? retained.output : decayNorm(retained.output, place, logDecay)
  const normal = reshape(headNorm(g, spec, name, scaled), [batch, length, spec.valueWidth])
  return linear(g, `${name}.output`, gated(g, spec, name, x, normal), spec.width, spec.bias.output)
}

function headNorm(g: GraphBuilder, spec: RetNetSpec, name: string, x: Value): Value {
  const { kind, epsilon, affine } = spec.headNorm
  const weight = affine ? g.parameter(`${name}.headNorm.weight`, x.type.shape.slice(-1)) : null
  return kind === 'rms' ? rmsNorm(x, weight, epsilon) : layerNorm(x, weight, null, epsilon)
}

function gated(g: GraphBuilder, spec: RetNetSpec, name: string, x: Value, retained: Value): Value {
  if (spec.gate === 'none') return retained
  const gate = linear(g, `${name}.gate`, x, spec.valueWidth, spec.bias.projections)
  return mul(activate(spec.gate, gate), retained)
}

/** Each key/value head serves a group of neighbouring query heads: [B, T, Hkv, D] -> [B, T, H, D]. */
function repeatHeads(x: Value, heads: number): Value {
  const [batch, length, groups, width] = x.type.shape
  if (groups === heads) return x
  const grouped = broadcast(reshape(x, [batch, length, groups, 1, width]), [
    batch,
    length,
    groups,
    heads / groups,
    width,
  ])
  return reshape(grouped, [batch, length, heads, width])
}

function feedForward(g: GraphBuilder, spec: RetNetSpec, name: string, x: Value): Value {
  const { kind, width, activation, bias, innerNorm } = spec.feedForward
  const up = linear(g, `${name}.up`, x, width, bias)
  if (kind === 'glu') {
    const gate = activate(activation, linear(g, `${name}.gate`, x, width, bias))
    return linear(g, `${name}.down`, mul(gate, up), spec.width, bias)
  }
  const active = activate(activation, up)
  const inner = innerNorm ? norm(g, innerNorm, `${name}.norm`, active) : active
  return linear(g, `${name}.down`, inner, spec.width, bias)
}

function linear(g: GraphBuilder, name: string, x: Value, outputs: number, bias: boolean): Value {
  const inputs = x.type.shape[x.type.shape.length - 1]
  const y = matmul(x, g.parameter(`${name}.weight`, [outputs, inputs]), { transposeB: true })
  return bias ? add(y, g.parameter(`${name}.bias`, [outputs])) : y
}

function norm(g: GraphBuilder, spec: NormSpec & { readonly bias: boolean }, name: string, x: Value): Value {
  const width = x.type.shape.slice(-1)
  const weight = g.parameter(`${name}.weight`, width)
  if (spec.kind === 'rms') return rmsNorm(x, weight, spec.epsilon)
  return layerNorm(x, weight, spec.bias ? g.parameter(`${name}.bias`, width) : null, spec.epsilon)
}

function activate(activation: Activation, x: Value): Value {
  return activation === 'silu' ? silu(x) : gelu(x)
}
