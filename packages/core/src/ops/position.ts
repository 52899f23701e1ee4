/** Ops that depend on the place of a token in its text: counting, rotation, and the decay sum of a row. */
import type { RotaryAttributes } from '../contract/op-map.js'
import type { Value } from '../graph/builder.js'
import { ShapeError } from '../errors/shape-error.js'
import { showType } from '../contract/tensor.js'
import type { ShapeRules } from '../graph/infer.js'
import { i32, requireDtype, requireOperand, requireRank, requireShape } from '../graph/shape-rules.js'

/**
 * Positions of the tokens of each row, counted over the tokens that are not masked.
 * start i32 [B] (tokens before this call), mask i32 [B, T] of 0 and 1 ->
 * positions i32 [B, T] = start + number of unmasked tokens before t, next i32 [B] = start + number of unmasked tokens.
 */
export function positions(start: Value, mask: Value): { positions: Value; next: Value } {
  const [each, next] = start.builder.append('positions', [start, mask], {})
  return { positions: each, next }
}

/** Rotary position embedding of x [B, T, H, D] by `positions` i32 [B, T]; angle = position * frequency (arXiv 2104.09864). */
export function rotary(x: Value, position: Value, attributes: RotaryAttributes): Value {
  return x.builder.append('rotary', [x, position], attributes)[0]
}

/**
 * x [B, T, H, D] divided by sqrt(s), s = sum_(i = 0..p) gamma^i = (1 - gamma^(p+1)) / (1 - gamma) for the position p of the token:
 * the row normalisation of the decay matrix (arXiv 2307.08621 section 2.4; torchscale's `scale`).
 */
export function decayNorm(x: Value, position: Value, logDecay: readonly number[]): Value {
  return x.builder.append('decayNorm', [x, position], { logDecay })[0]
}

export const positionRules: ShapeRules<'positions' | 'rotary' | 'decayNorm'> = {
  positions(types) {
    const start = requireOperand('positions', 'start', types, 0)
    const mask = requireOperand('positions', 'mask', types, 1)
    requireDtype('positions', 'start', start, 'i32')
    requireDtype('positions', 'mask', mask, 'i32')
    requireRank('positions', 'mask', mask, 2, 'i32 [B, T]')
    requireShape('positions', 'start', start, mask.shape.slice(0, 1), 'i32 [B] with B =')
    return [i32(mask.shape), start]
  },
  rotary(types) {
    const x = requireOperand('rotary', 'x', types, 0)
    const position = requireOperand('rotary', 'positions', types, 1)
    requireRank('rotary', 'x', x, 4, '[B, T, H, D]')
    requireDtype('rotary', 'positions', position, 'i32')
    requireShape('rotary', 'positions', position, x.shape.slice(0, 2), '[B, T] =')
    if (x.shape[3] % 2 === 0) return [x]
    throw new ShapeError({ op: 'rotary', argument: 'x', expected: 'an even last axis', actual: showType(x) })
  },
  decayNorm(types, { logDecay }) {
    const x = requireOperand('decayNorm', 'x', types, 0)
    const position = requireOperand('decayNorm', 'positions', types, 1)
    requireRank('decayNorm', 'x', x, 4, '[B, T, H, D]')
    requireShape('decayNorm', 'positions', position, x.shape.slice(0, 2), '[B, T] =')
    if (logDecay.length === x.shape[2]) return [x]
    const expected = `${x.shape[2]} values, one a head of x ${showType(x)}`
    throw new ShapeError({ op: 'decayNorm', argument: 'logDecay', expected, actual: String(logDecay.length) })
  },
}
