/** Ops that move numbers without arithmetic, and the two that make them from nothing. */
import { type Shape, showType, sizeOf } from '../contract/tensor.js'
import { ShapeError } from '../errors/shape-error.js'
import type { GraphBuilder, Value } from '../graph/builder.js'
import type { ShapeRules } from '../graph/infer.js'
import { broadcastShapes, f32, requireOperand } from '../graph/shape-rules.js'

type StructureOp = 'reshape' | 'transpose' | 'slice' | 'concat' | 'broadcast' | 'cast' | 'fill' | 'constant'

/** The same numbers in row-major order under another shape. */
export function reshape(x: Value, shape: Shape): Value {
  return x.builder.append('reshape', [x], { shape })[0]
}

/** Axis i of the result is axis `permutation[i]` of x. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  return x.builder.append('transpose', [x], { permutation })[0]
}

/** The box that begins at `starts` and has the extents `sizes`. */
export function slice(x: Value, starts: readonly number[], sizes: readonly number[]): Value {
  return x.builder.append('slice', [x], { starts, sizes })[0]
}

/** Joins two or more tensors along one axis. */
export function concat(parts: readonly Value[], axis: number): Value {
  if (parts.length === 0)
    throw new ShapeError({ op: 'concat', argument: 'parts', expected: 'at least one', actual: '0' })
  return parts.length === 1 ? parts[0] : parts[0].builder.append('concat', parts, { axis })[0]
}

/** Repeats axes of extent 1 (and missing leading axes) up to `shape`, as NumPy does. */
export function broadcast(x: Value, shape: Shape): Value {
  return x.builder.append('broadcast', [x], { shape })[0]
}

/** i32 to f32. */
export function cast(x: Value): Value {
  return x.builder.append('cast', [x], { dtype: 'f32' })[0]
}

/** A tensor with one value everywhere. */
export function fill(builder: GraphBuilder, shape: Shape, value: number): Value {
  return builder.append('fill', [], { shape, value })[0]
}

/** A small tensor of known values; weights are parameters instead. */
export function constant(builder: GraphBuilder, shape: Shape, values: readonly number[]): Value {
  return builder.append('constant', [], { shape, values })[0]
}

export const structureRules: ShapeRules<StructureOp> = {
  reshape(types, { shape }) {
    const x = requireOperand('reshape', 'x', types, 0)
    if (sizeOf(x.shape) === sizeOf(shape)) return [{ dtype: x.dtype, shape }]
    throw new ShapeError({
      op: 'reshape',
      argument: 'x',
      expected: `${sizeOf(shape)} elements for [${shape.join(', ')}]`,
      actual: showType(x),
    })
  },
  transpose(types, { permutation }) {
    const x = requireOperand('transpose', 'x', types, 0)
    const sorted = [...permutation].sort((a, b) => a - b)
    if (permutation.length !== x.shape.length || sorted.some((axis, index) => axis !== index)) {
      throw new ShapeError({
        op: 'transpose',
        argument: 'permutation',
        expected: `every axis of ${showType(x)} once`,
        actual: `[${permutation.join(', ')}]`,
      })
    }
    return [{ dtype: x.dtype, shape: permutation.map((axis) => x.shape[axis]) }]
  },
  slice(types, { starts, sizes }) {
    const x = requireOperand('slice', 'x', types, 0)
    const fits =
      starts.length === x.shape.length &&
      sizes.length === x.shape.length &&
      x.shape.every((extent, axis) => starts[axis] >= 0 && sizes[axis] >= 0 && starts[axis] + sizes[axis] <= extent)
    if (fits) return [{ dtype: x.dtype, shape: sizes }]
    throw new ShapeError({
      op: 'slice',
      argument: 'starts and sizes',
      expected: `a box inside ${showType(x)}`,
      actual: `[${starts.join(', ')}] + [${sizes.join(', ')}]`,
    })
  },
  concat(types, { axis }) {
    const first = requireOperand('concat', 'parts', types, 0)
    let extent = 0
    for (const [index, part] of types.entries()) {
      const type = requireOperand('concat', `part ${index}`, types, index)
      const fits =
        type.dtype === first.dtype &&
        type.shape.length === first.shape.length &&
        type.shape.every((size, a) => a === axis || size === first.shape[a])
      if (!fits || !(axis in type.shape)) {
        const expected = `like ${showType(first)} on every axis but ${axis}`
        throw new ShapeError({ op: 'concat', argument: `part ${index}`, expected, actual: showType(type) })
      }
      extent += part!.shape[axis]
    }
    return [{ dtype: first.dtype, shape: first.shape.map((size, a) => (a === axis ? extent : size)) }]
  },
  broadcast(types, { shape }) {
    const x = requireOperand('broadcast', 'x', types, 0)
    const joint = broadcastShapes(x.shape, shape)
    if (joint && joint.length === shape.length && joint.every((extent, axis) => extent === shape[axis])) {
      return [{ dtype: x.dtype, shape }]
    }
    const expected = `a shape that broadcasts to [${shape.join(', ')}]`
    throw new ShapeError({ op: 'broadcast', argument: 'x', expected, actual: showType(x) })
  },
  cast(types) {
    return [f32(requireOperand('cast', 'x', types, 0).shape)]
  },
  fill(_types, { shape }) {
    return [f32(shape)]
  },
  constant(_types, { shape, values }) {
    if (values.length === sizeOf(shape)) return [f32(shape)]
    const expected = `${sizeOf(shape)} for [${shape.join(', ')}]`
    throw new ShapeError({ op: 'constant', argument: 'values', expected, actual: String(values.length) })
  },
}
