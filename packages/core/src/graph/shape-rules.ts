/** Small helpers that the shape rules share. */
import { type DType, type Shape, type TensorType, sameShape, showType, sizeOf } from '../contract/tensor.js'
import { ShapeError } from '../errors/shape-error.js'

export type OperandTypes = readonly (TensorType | null)[]

export function requireOperand(op: string, argument: string, types: OperandTypes, index: number): TensorType {
  const type = types[index]
  if (!type) throw new ShapeError({ op, argument, expected: 'to be given', actual: 'nothing' })
  return type
}

export function requireDtype(op: string, argument: string, type: TensorType, dtype: DType): void {
  if (type.dtype !== dtype) throw new ShapeError({ op, argument, expected: dtype, actual: showType(type) })
}

export function requireShape(op: string, argument: string, type: TensorType, shape: Shape, meaning: string): void {
  if (sameShape(type.shape, shape)) return
  throw new ShapeError({ op, argument, expected: `${meaning} [${shape.join(', ')}]`, actual: showType(type) })
}

export function requireRank(op: string, argument: string, type: TensorType, rank: number, meaning: string): void {
  if (type.shape.length !== rank) throw new ShapeError({ op, argument, expected: meaning, actual: showType(type) })
}

export function f32(shape: Shape): TensorType {
  return { dtype: 'f32', shape }
}

export function i32(shape: Shape): TensorType {
  return { dtype: 'i32', shape }
}

/** A tensor seen as a matrix: [product of the leading axes, last axis]. */
export function asMatrix(shape: Shape): [rows: number, columns: number] {
  const columns = shape[shape.length - 1] ?? 1
  return [columns === 0 ? 0 : sizeOf(shape) / columns, columns]
}

/** NumPy's broadcast of two shapes, or null where they do not fit. */
export function broadcastShapes(a: Shape, b: Shape): number[] | null {
  const rank = Math.max(a.length, b.length)
  const result: number[] = []
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1
    const right = b[axis - rank + b.length] ?? 1
    if (left !== right && left !== 1 && right !== 1) return null
    result.push(left === 1 ? right : left)
  }
  return result
}
