/** Types of the values that flow through a graph. Quantised weights are an encoding of a parameter, not a dtype. */

export type DType = 'f32' | 'i32'

export type Shape = readonly number[]

export interface TensorType {
  readonly dtype: DType
  readonly shape: Shape
}

/** Values of one tensor in row-major order. */
export type TensorData = Float32Array | Int32Array

export type NamedTensors = Readonly<Record<string, TensorData>>

/** Number of elements of a shape; 1 for a scalar `[]`. */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (const extent of shape) size *= extent
  return size
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis])
}

/** `f32[2, 64, 8]`, as error messages and `print` write it. */
export function showType(type: TensorType): string {
  return `${type.dtype}[${type.shape.join(', ')}]`
}
