import type { Emitter } from '../emitter.js'
import type { Name } from '../graph-writer.js'

/** Zeros in place of what stands at padding, even NaN; `axes`: where x has axes that the mask [B, T] lacks. */
export function unlessPadding(e: Emitter, x: Name, mask: number | null, axes: readonly number[]): Name {
  if (mask === null) return x
  const live = e.unsqueeze(e.node('Cast', [e.name(mask)], { to: 9 }), axes)
  return e.node('Where', [live, x, e.writer.floats([0])])
}
