import { type Shape, UnsupportedError } from '@retnet/core'
import type { EmitRules, Emitter } from '../emitter.js'
import type { Name } from '../graph-writer.js'
import { operand } from '../weights.js'

export const structureRules: EmitRules<
  'reshape' | 'transpose' | 'slice' | 'concat' | 'broadcast' | 'cast' | 'fill' | 'constant'
> = {
  reshape: (e, { inputs: [x], attributes: { shape } }) => [e.reshape(operand(e, x!), e.shapeOf(x!), shape)],
  transpose: (e, { inputs: [x], attributes: { permutation } }) => [e.transpose(operand(e, x!), permutation)],
  slice(e, { inputs: [x], attributes: { starts, sizes } }) {
    const shape = e.shapeOf(x!)
    const axes = shape.map((_, axis) => axis).filter((axis) => starts[axis] !== 0 || sizes[axis] !== shape[axis])
    if (axes.length === 0) return [operand(e, x!)]
    const open = axes.find((axis) => e.extents.isDynamic(shape[axis]))
    if (open !== undefined) {
      throw new UnsupportedError('op slice', `a part of the dynamic axis ${open} cannot be expressed in ONNX here.`)
    }
    const from = e.writer.integers(axes.map((axis) => starts[axis]))
    const to = e.writer.integers(axes.map((axis) => starts[axis] + sizes[axis]))
    return [e.node('Slice', [operand(e, x!), from, to, e.writer.integers(axes)])]
  },
  concat(e, { inputs, attributes: { axis } }) {
    const parts = inputs.map((part) => operand(e, part!))
    return [e.node('Concat', parts, { axis })]
  },
  broadcast: (e, { inputs: [x], attributes: { shape } }) => [expand(e, operand(e, x!), e.shapeOf(x!), shape)],
  cast: (e, { inputs: [x] }) => [e.node('Cast', [operand(e, x!)], { to: 1 })],
  fill: (e, { attributes: { shape, value } }) => [expand(e, e.writer.floats([value]), [], shape)],
  constant(e, { attributes: { shape, values } }) {
    if (e.extents.isStatic(shape)) return [e.writer.floats(values, shape)]
    throw new UnsupportedError(
      'op constant',
      'its shape depends on a dynamic dimension.',
      'Trace it with a known size.',
    )
  },
}

/** `x` repeated to `to`. Axes that it has already stay as they are, whatever their extent turns out to be. */
export function expand(e: Emitter, x: Name, from: Shape, to: Shape): Name {
  const missing = to.length - from.length
  const wanted = to.map((extent, axis) => (extent === from[axis - missing] ? 1 : extent))
  return e.node('Expand', [x, e.extents.runtime(e.writer, wanted)])
}
