/** Operands of a matrix product as text that the tiled kernels read them with. */
import { type Binding, type Slot, read } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { innerAlignment, type TileOperand } from './tile-product.js'
import { matrixLoader } from './weight-loader.js'

export interface OperandText {
  readonly bindings: readonly Binding[]
  readonly declarations: string
  readonly operand: TileOperand
}

export interface OperandShape {
  readonly outer: number
  readonly inner: number
  readonly along: 'inner' | 'outer'
}

/** A stack of matrices, one a layer: an activation, or a weight in any encoding. */
export function matrixOperand(lowering: Lowering, name: string, value: number, shape: OperandShape): OperandText {
  const { outer, inner, along } = shape
  const [extent, others] = along === 'inner' ? [inner, outer] : [outer, inner]
  const { bindings, declarations, vectors } = matrixLoader(lowering, name, value, extent)
  const at = (outerAt: string, innerAt: string) => {
    const [near, far] = along === 'inner' ? [innerAt, outerAt] : [outerAt, innerAt]
    const row = `layer * ${others}u + ${atMost(far, others, 1)}`
    if (vectors) return insideInner(`${name}Four(${row}, ${atMost(near, extent, 4)} / 4u)`, innerAt, inner)
    const each = [0, 1, 2, 3].map((i) => `${name}At(${row}, ${atMost(`(${near} + ${i}u)`, extent, 1)})`)
    const numbers = `vec4f(${each.join(', ')})`
    if (along === 'outer') return insideInner(numbers, innerAt, inner)
    return `select(vec4f(), ${numbers}, vec4u(${near}) + vec4u(0u, 1u, 2u, 3u) < vec4u(${inner}u))`
  }
  return { bindings, declarations, operand: { along, width: 4, at } }
}

/** A matrix that lies in memory as halves, rows of `extent` (a multiple of 8) along the near side. */
export function halfOperand(name: string, slot: Slot, shape: OperandShape): OperandText {
  const { outer, inner, along } = shape
  const [extent, others] = along === 'inner' ? [inner, outer] : [outer, inner]
  const at = (outerAt: string, innerAt: string) => {
    const [near, far] = along === 'inner' ? [innerAt, outerAt] : [outerAt, innerAt]
    const value = `${name}[(layer * ${others}u + ${atMost(far, others, 1)}) * ${extent / 8}u + ${atMost(near, extent, 8)} / 8u]`
    return inner % innerAlignment === 0 ? value : `select(vec4u(), ${value}, ${innerAt} < ${inner}u)`
  }
  return { bindings: [read(name, slot, 'vec4<u32>')], declarations: '', operand: { along, width: 8, at } }
}

function insideInner(value: string, at: string, inner: number): string {
  return inner % innerAlignment === 0 ? value : `select(vec4f(), ${value}, ${at} < ${inner}u)`
}

/** Positions past the end read the last one; what comes of them is zeroed or not stored. */
function atMost(at: string, extent: number, width: number): string {
  return extent % 128 === 0 ? at : `min(${at}, ${extent - width}u)`
}
