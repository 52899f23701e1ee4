/** What the three forms of retention on typed arrays share: their arguments, their checks and the walk over rows and heads. */
import { ArgumentError } from '../errors/argument-error.js'

export type Numbers = Float32Array | Float64Array

/** B batch rows, T time, H heads, Dk key width, Dv value width. */
export interface RetentionSize {
  readonly batch: number
  readonly length: number
  readonly heads: number
  readonly keyWidth: number
  readonly valueWidth: number
}

export interface RetentionArguments {
  readonly size: RetentionSize
  readonly q: Numbers // [B, T, H, Dk]
  readonly k: Numbers // [B, T, H, Dk]
  readonly v: Numbers // [B, T, H, Dv]
  /** log(gamma) of each head, [H]. */
  readonly logDecay: readonly number[]
  /** [B, T] of 0 and 1; a token with 0 neither decays nor adds, and its output is 0. */
  readonly mask?: Int32Array | null
  /** State before the first token, [B, H, Dk, Dv]; zeros when absent. Not modified. */
  readonly state?: Numbers | null
}

export interface RetentionResult {
  readonly output: Float64Array // [B, T, H, Dv]
  /** State after the last token. */
  readonly state: Float64Array // [B, H, Dk, Dv]
}

/** One row and head: offsets and strides to reach its numbers in the four tensors. */
export interface HeadView {
  readonly logDecay: number
  /** Offset of (t = 0) in q and k; one token further is `keyStride`. */
  readonly key: number
  readonly keyStride: number
  readonly value: number
  readonly valueStride: number
  /** Offset of the [Dk, Dv] block in the state. */
  readonly state: number
  /** Unmasked tokens of the row, in time order. */
  readonly tokens: readonly number[]
}

/** Checks the arguments, copies the initial state and calls `each` for every row and head. */
export function forEachHead(
  args: RetentionArguments,
  each: (view: HeadView, result: RetentionResult) => void,
): RetentionResult {
  const { batch, length, heads, keyWidth, valueWidth } = args.size
  checkSizes(args)
  const result = {
    output: new Float64Array(batch * length * heads * valueWidth),
    state: args.state ? Float64Array.from(args.state) : new Float64Array(batch * heads * keyWidth * valueWidth),
  }
  for (let b = 0; b < batch; b++) {
    const tokens = Array.from({ length }, (_, t) => t).filter((t) => !args.mask || args.mask[b * length + t] !== 0)
    for (let h = 0; h < heads; h++) {
      const view = {
        logDecay: args.logDecay[h],
        key: (b * length * heads + h) * keyWidth,
        keyStride: heads * keyWidth,
        value: (b * length * heads + h) * valueWidth,
        valueStride: heads * valueWidth,
        state: (b * heads + h) * keyWidth * valueWidth,
        tokens,
      }
      each(view, result)
    }
  }
  return result
}

function checkSizes({ size, q, k, v, logDecay, mask, state }: RetentionArguments): void {
  const tokens = size.batch * size.length
  const stateSize = size.batch * size.heads * size.keyWidth * size.valueWidth
  requireLength('q', q, tokens * size.heads * size.keyWidth)
  requireLength('k', k, tokens * size.heads * size.keyWidth)
  requireLength('v', v, tokens * size.heads * size.valueWidth)
  requireLength('logDecay', logDecay, size.heads)
  if (mask) requireLength('mask', mask, tokens)
  if (state) requireLength('state', state, stateSize)
}

function requireLength(argument: string, actual: { readonly length: number }, expected: number): void {
  if (actual.length === expected) return
  throw new ArgumentError({
    argument: `retention: ${argument}`,
    expected: `${expected} numbers`,
    actual: actual.length,
  })
}
