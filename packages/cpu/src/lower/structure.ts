/** Ops without arithmetic: most only give a place another shape, the others are one strided copy. */
import { type Shape, sizeOf } from '@retnet/core'
import { Opcode, Unary } from '../opcode.js'
import { broadcastStrides, mergeAxes, splitInner, stridesOf } from '../plan/axes.js'
import type { Lowering } from '../plan/lowering.js'
import { type Place, float } from '../plan/record.js'
import type { LowerRules } from './rules.js'

/** Copies a box: element i of the walk from `source` to `target`, each with its own strides in elements. */
export function copyBox(
  l: Lowering,
  extents: Shape,
  [source, sourceStrides]: readonly [Place, readonly number[]],
  [target, targetStrides]: readonly [Place, readonly number[]],
): void {
  const walk = splitInner(mergeAxes({ extents, strides: [sourceStrides, targetStrides] }))
  l.emit(
    Opcode.Copy,
    'copy',
    [walk.outer, walk.inner, source, target, ...walk.steps, ...walk.extents, ...walk.strides[0], ...walk.strides[1]],
    { reads: [source], writes: [target], work: walk.outer * walk.inner },
  )
}

export function moved({ buffer, offset }: Place, elements: number): Place {
  return { buffer, offset: offset + elements * 4 }
}

// A box is one run of memory if every axis after its first wide one is taken whole.
function isContiguous(shape: Shape, sizes: Shape): boolean {
  const firstWide = sizes.findIndex((size) => size !== 1)
  return firstWide < 0 || sizes.every((size, axis) => axis <= firstWide || size === shape[axis])
}

export const structureRules: LowerRules<
  'reshape' | 'transpose' | 'slice' | 'concat' | 'broadcast' | 'cast' | 'fill' | 'constant'
> = {
  reshape(l, { inputs: [x], outputs: [out] }) {
    l.alias(out, l.place(x!))
  },
  transpose(l, { inputs: [x], outputs: [out], attributes: { permutation } }) {
    const shape = l.shape(out)
    const strides = stridesOf(l.shape(x!))
    const wide = permutation.filter((axis) => l.shape(x!)[axis] !== 1)
    if (wide.every((axis, index) => index === 0 || axis > wide[index - 1])) return l.alias(out, l.place(x!))
    const source = permutation.map((axis) => strides[axis])
    copyBox(l, shape, [l.place(x!), source], [l.define(out), stridesOf(shape)])
  },
  slice(l, { inputs: [x], outputs: [out], attributes: { starts, sizes } }) {
    const strides = stridesOf(l.shape(x!))
    const start = starts.reduce((sum, value, axis) => sum + value * strides[axis], 0)
    const source = moved(l.place(x!), start)
    if (isContiguous(l.shape(x!), sizes)) return l.alias(out, source)
    copyBox(l, sizes, [source, strides], [l.define(out), stridesOf(sizes)])
  },
  concat(l, { inputs, outputs: [out], attributes: { axis } }) {
    const strides = stridesOf(l.shape(out))
    const target = l.define(out)
    let start = 0
    for (const part of inputs) {
      const shape = l.shape(part!)
      if (sizeOf(shape) > 0)
        copyBox(l, shape, [l.place(part!), stridesOf(shape)], [moved(target, start * strides[axis]), strides])
      start += shape[axis]
    }
  },
  broadcast(l, { inputs: [x], outputs: [out] }) {
    const shape = l.shape(out)
    if (sizeOf(shape) === l.size(x!)) return l.alias(out, l.place(x!))
    copyBox(l, shape, [l.place(x!), broadcastStrides(l.shape(x!), shape)], [l.define(out), stridesOf(shape)])
  },
  cast(l, { inputs: [x], outputs: [out] }) {
    if (l.type(x!).dtype === 'f32') return l.alias(out, l.place(x!))
    l.alias(out, castToFloat(l, l.place(x!), l.size(x!)))
  },
  fill(l, { outputs: [out], attributes: { value } }) {
    const target = l.define(out)
    const count = l.size(out)
    l.emit(Opcode.Fill, 'fill', [count, float(value), target], { reads: [], writes: [target], work: count })
  },
  constant(l, { outputs: [out], attributes: { values } }) {
    l.alias(out, l.constant(Float32Array.from(values)))
  },
}

function castToFloat(l: Lowering, source: Place, count: number): Place {
  const target = l.temporary(count * 4)
  l.emit(Opcode.Unary, 'cast', [Unary.Cast, count, 0, source, target], {
    reads: [source],
    writes: [target],
    inPlace: [[target, source]],
    work: count,
  })
  return target
}
