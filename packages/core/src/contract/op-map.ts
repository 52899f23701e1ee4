/**
 * The op set: one key per op, its value the type of the op's attributes. Every rule table (shapes, meaning, gradient) is a
 * mapped type over this interface, so a missing case does not compile.
 *
 * Legend: B batch rows, T time, H heads, Dk key width, Dv value width, D model width, V vocabulary.
 */
export interface OpMap {
  // structure: no arithmetic
  reshape: { readonly shape: readonly number[] }
  transpose: { readonly permutation: readonly number[] }
  slice: { readonly starts: readonly number[]; readonly sizes: readonly number[] }
  concat: { readonly axis: number }
  broadcast: { readonly shape: readonly number[] }
  cast: { readonly dtype: 'f32' }
  fill: { readonly shape: readonly number[]; readonly value: number }
  constant: { readonly shape: readonly number[]; readonly values: readonly number[] }

  // elementwise; two operands broadcast as in NumPy
  add: NoAttributes
  sub: NoAttributes
  mul: NoAttributes
  div: NoAttributes
  scale: { readonly factor: number }
  exp: NoAttributes
  log: NoAttributes
  erf: NoAttributes
  sigmoid: NoAttributes
  silu: NoAttributes
  gelu: NoAttributes
  rsqrt: { readonly epsilon: number }

  // reductions; reduced axes stay with extent 1
  sum: { readonly axes: readonly number[] }
  softmax: NoAttributes

  // contractions
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean }
  batchMatmul: { readonly transposeA: boolean; readonly transposeB: boolean }
  embed: NoAttributes
  scatterAdd: { readonly rows: number }

  // normalisation over the last axis
  rmsNorm: { readonly epsilon: number }
  layerNorm: { readonly epsilon: number }

  // retention and its surroundings
  positions: NoAttributes
  rotary: RotaryAttributes
  decayNorm: { readonly logDecay: readonly number[] }
  retention: RetentionAttributes

  // sampling: from logits to tokens
  sample: NoAttributes
  accept: NoAttributes

  // loss
  crossEntropy: NoAttributes
  crossEntropyGrad: NoAttributes
}

export type NoAttributes = Readonly<Record<string, never>>

export interface RotaryAttributes {
  /** `interleaved` rotates pairs (2i, 2i+1) (torchscale); `half` rotates (i, i + D/2) (fla, GPT-NeoX). */
  readonly layout: 'interleaved' | 'half'
  /** `inclusive`: base^(-i / (D/2 - 1)) (torchscale); `standard`: base^(-2i / D) (fla). */
  readonly frequencies: 'inclusive' | 'standard'
  readonly base: number
  /** Rotates backwards: the transpose of the rotation, which is its gradient. */
  readonly inverse: boolean
}

export interface RetentionAttributes {
  /** Natural logarithm of the decay of each head, [H], from the formula in float64; at most 0. */
  readonly logDecay: readonly number[]
  /** Runs from the last token to the first and decays after reading instead of before: the gradient's direction. */
  readonly reverse: boolean
}

export type OpName = keyof OpMap
