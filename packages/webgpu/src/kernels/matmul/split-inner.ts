/** Products with too few tiles to keep a GPU busy: the inner side is cut in parts that run at the same time, and their sums are added. */
import { elementGroups, elementIndex, elementLanes } from '../../compile/indexing.js'
import { type KernelSource, kernel, read, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { type TileOperand, type TileProduct, innerAlignment, tileCount } from './tile-product.js'

/** Tiles that a large GPU works on at once. */
const busy = 128

/** A part shorter than this costs more in its sums than it gains. */
const shortest = 256

/** How many parts to cut a product in; 1 where it has tiles enough, or its inner side cannot be cut evenly. */
export function splitsFor(product: TileProduct, tile: number): number {
  const [{ inner }] = product.terms
  const tiles = tileCount(product, tile) * product.layers
  const fits = (splits: number) =>
    inner % (splits * innerAlignment) === 0 && inner / splits >= shortest && tiles * splits <= 2 * busy
  const wholeRows = product.output.stride === product.columns
  return product.layers === 1 && wholeRows && tiles < busy ? ([8, 4, 2].find(fits) ?? 1) : 1
}

export function emitSplit(
  product: TileProduct,
  splits: number,
  tiler: (part: TileProduct) => KernelSource,
  lowering: Lowering,
): void {
  if (splits === 1) {
    lowering.emit(kernel(tiler(product)))
    return
  }
  const { rows, columns, terms, output } = product
  const [{ inner, a, b }] = terms
  const total = rows * columns
  const parts = lowering.scratch(splits * total * 4)
  const cut = (operand: TileOperand): TileOperand => ({
    ...operand,
    at: (outer, at) => operand.at(outer, `(split * ${inner / splits}u + ${at})`),
  })
  const term = { inner: inner / splits, a: cut(a), b: cut(b) }
  lowering.emit(
    kernel(tiler({ ...product, splits, terms: [term], output: { ...output, slot: parts, base: `split * ${total}u` } })),
  )
  const width = total % 4 === 0 ? 4 : 1
  const element = width === 4 ? 'vec4<f32>' : 'f32'
  const each = Array.from({ length: splits }, (_, split) => `parts[${(split * total) / width}u + index]`)
  lowering.emit(
    kernel({
      name: 'matmul.sum',
      bindings: [read('parts', parts, element), write('y', output.slot, element)],
      lanes: elementLanes,
      workgroups: [elementGroups(total / width)],
      body: `${elementIndex(total / width)}\ny[index] = ${each.join(' + ')};`,
    }),
  )
}
