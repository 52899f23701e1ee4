/** WGSL text for index arithmetic on static shapes. */
import { sizeOf } from '@retnet/core'

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
}

/** Lanes of the kernels that do one element a lane. */
export const elementLanes = 64

/** First lines of such a kernel: `index` of the element, or return. */
export function elementIndex(total: number): string {
  return `let index = group.x * ${elementLanes}u + lane;\nif (index >= ${total}u) { return; }`
}

export function elementGroups(total: number): number {
  return Math.max(1, Math.ceil(total / elementLanes))
}

/** Lines that split `index` over `shape` into `i0`, `i1`, ... */
export function splitIndex(shape: readonly number[], index = 'index', prefix = 'i'): string {
  const strides = stridesOf(shape)
  return shape
    .map((extent, axis) => {
      const high = axis === 0 ? `${index} / ${strides[axis]}u` : `(${index} / ${strides[axis]}u) % ${extent}u`
      return `let ${prefix}${axis} = ${high};`
    })
    .join(' ')
}

/** Offset expression of element (i0, i1, ...) in a tensor of `shape` that broadcasts to `result`. */
export function broadcastOffset(shape: readonly number[], result: readonly number[]): string {
  const strides = stridesOf(shape)
  const lead = result.length - shape.length
  const terms = shape.flatMap((extent, axis) => (extent === 1 ? [] : [`i${lead + axis} * ${strides[axis]}u`]))
  return terms.join(' + ') || '0u'
}

/** A float literal that WGSL reads back as the same f32. */
export function literal(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`WGSL has no literal for ${value}`)
  const text = Math.fround(value).toPrecision(9)
  return `f32(${/[.e]/.test(text) ? text : `${text}.0`})`
}
