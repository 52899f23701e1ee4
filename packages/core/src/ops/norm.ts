/** Normalisation over the last axis. A per-head norm is the same op on [B, T, H, Dv]. */
import type { Value } from '../graph/builder.js'
import type { ShapeRules } from '../graph/infer.js'
import { type OperandTypes, requireDtype, requireOperand, requireShape } from '../graph/shape-rules.js'

/** x / sqrt(mean(x^2) + epsilon) * weight; `weight` has the extent of the last axis. */
export function rmsNorm(x: Value, weight: Value | null, epsilon: number): Value {
  return x.builder.append('rmsNorm', [x, weight], { epsilon })[0]
}

/** (x - mean) / sqrt(variance + epsilon) * weight + bias, with the biased variance as in PyTorch. */
export function layerNorm(x: Value, weight: Value | null, bias: Value | null, epsilon: number): Value {
  return x.builder.append('layerNorm', [x, weight, bias], { epsilon })[0]
}

const normRule = (op: 'rmsNorm' | 'layerNorm', affine: readonly string[]) => (types: OperandTypes) => {
  const x = requireOperand(op, 'x', types, 0)
  requireDtype(op, 'x', x, 'f32')
  for (const [index, argument] of affine.entries()) {
    const type = types[index + 1]
    if (type) requireShape(op, argument, type, x.shape.slice(-1), 'the last axis of x')
  }
  return [x]
}

export const normRules: ShapeRules<'rmsNorm' | 'layerNorm'> = {
  rmsNorm: normRule('rmsNorm', ['weight']),
  layerNorm: normRule('layerNorm', ['weight', 'bias']),
}
