/** The op this project exists for. Its three forms are kernels of one op; nothing here chooses between them. */
import { showType } from '../contract/tensor.js'
import { ShapeError } from '../errors/shape-error.js'
import type { Value } from '../graph/builder.js'
import type { ShapeRules } from '../graph/infer.js'
import { f32, requireDtype, requireOperand, requireRank, requireShape } from '../graph/shape-rules.js'

export interface RetentionOptions {
  /** log(gamma) of each head, [H], at most 0. */
  readonly logDecay: readonly number[]
  /** i32 [B, T] of 0 and 1: a token with 0 neither decays nor adds, and its output is 0. */
  readonly mask?: Value | null
  /** The state before the first token, f32 [B, H, Dk, Dv]; zeros when absent. */
  readonly state?: Value | null
  /** From the last token to the first, decaying after reading: the direction of gradients. */
  readonly reverse?: boolean
}

/**
 * Multi-scale retention (arXiv 2307.08621, equation 6), raw: no score scaling, no row normalisation.
 *
 *     S_t = gamma S_(t-1) + k_t^T v_t        o_t = q_t S_t
 *
 * q, k [B, T, H, Dk], v [B, T, H, Dv] -> output [B, T, H, Dv], state after the last token [B, H, Dk, Dv].
 */
export function retention(q: Value, k: Value, v: Value, options: RetentionOptions): { output: Value; state: Value } {
  const { logDecay, mask = null, state = null, reverse = false } = options
  const [output, next] = q.builder.append('retention', [q, k, v, mask, state], { logDecay, reverse })
  return { output, state: next }
}

export const retentionRules: ShapeRules<'retention'> = {
  retention(types, { logDecay }) {
    const q = requireOperand('retention', 'q', types, 0)
    const k = requireOperand('retention', 'k', types, 1)
    const v = requireOperand('retention', 'v', types, 2)
    const [, , , mask, state] = types
    requireRank('retention', 'q', q, 4, '[B, T, H, Dk]')
    requireRank('retention', 'v', v, 4, '[B, T, H, Dv]')
    requireKeys(q, k)
    const [batch, length, heads, keyWidth] = q.shape
    const valueWidth = v.shape[3]
    requireShape('retention', 'v', v, [batch, length, heads, valueWidth], '[B, T, H, Dv] =')
    if (mask) requireDtype('retention', 'mask', mask, 'i32')
    if (mask) requireShape('retention', 'mask', mask, [batch, length], '[B, T] =')
    if (state) requireShape('retention', 'state', state, [batch, heads, keyWidth, valueWidth], '[B, H, Dk, Dv] =')
    if (logDecay.length !== heads || logDecay.some((value) => !(value <= 0))) {
      const expected = `${heads} values of at most 0, one a head`
      throw new ShapeError({ op: 'retention', argument: 'logDecay', expected, actual: `[${logDecay.join(', ')}]` })
    }
    return [f32(v.shape), f32([batch, heads, keyWidth, valueWidth])]
  },
}

function requireKeys(q: { shape: readonly number[] }, k: Parameters<typeof showType>[0]): void {
  if (k.shape.join() === q.shape.join()) return
  throw new ShapeError({
    op: 'retention',
    argument: 'k',
    expected: `[B, T, H, Dk] like q [${q.shape.join(', ')}]`,
    actual: showType(k),
    fix: k.shape[2] < q.shape[2] ? `Repeat k per group: it has ${k.shape[2]} heads for ${q.shape[2]}.` : '',
  })
}
