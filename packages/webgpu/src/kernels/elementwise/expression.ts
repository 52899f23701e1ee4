/** The element-wise ops as WGSL over f32; all but erf work on vectors as they are. */
import type { OpMap } from '@retnet/core'
import { literal } from '../../compile/indexing.js'

export const binaryOperators = { add: '+', sub: '-', mul: '*', div: '/' } as const
export type BinaryOp = keyof typeof binaryOperators
export type UnaryOp = 'scale' | 'exp' | 'log' | 'erf' | 'sigmoid' | 'silu' | 'gelu' | 'rsqrt'

type UnaryTexts = { readonly [Op in UnaryOp]: (v: string, attributes: OpMap[Op]) => string }

export const unaryTexts: UnaryTexts = {
  scale: (v, { factor }) => `${v} * ${literal(factor)}`,
  exp: (v) => `exp(${v})`,
  log: (v) => `log(${v})`,
  erf: (v) => `erf(${v})`,
  sigmoid: (v) => `1.0 / (1.0 + exp(-${v}))`,
  silu: (v) => `${v} / (1.0 + exp(-${v}))`,
  gelu: (v) => `0.5 * ${v} * (1.0 + erf(${v} * 0.70710678118654752))`,
  rsqrt: (v, { epsilon }) => `inverseSqrt(${v} + ${literal(epsilon)})`,
}
