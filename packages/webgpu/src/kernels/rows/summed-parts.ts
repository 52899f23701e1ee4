/** Adds the parts of the sums, and applies bias, activation, gate and residual: four columns a lane where the widths allow. */
import { elementGroups, elementIndex, elementLanes, literal } from '../../compile/indexing.js'
import { type Slot, kernel, read, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { activationFunctions } from '../decode/activation.js'
import type { Product } from '../decode/product.js'
import { type TileShape, partColumns, tileColumns } from './tile-shape.js'

export function emitSummedParts(product: Product, shape: TileShape, parts: Slot, lowering: Lowering): void {
  const { members, residual, rows } = product
  const widths = members.map((_, m) => shape.weights.find(({ member }) => member === m)!.columns)
  const width = widths.every((columns) => columns % 4 === 0) ? 4 : 1
  const element = width === 4 ? 'vec4<f32>' : 'f32'
  const ends = widths.map((_, m) => (rows * widths.slice(0, m + 1).reduce((sum, columns) => sum + columns, 0)) / width)
  const total = ends.at(-1)!
  const biases = members.flatMap(({ linears }, m) =>
    linears.flatMap(({ bias }, s) => (bias === null ? [] : [read(`bias${m}_${s}`, lowering.slot(bias), element)])),
  )
  lowering.emit(
    kernel({
      name: `${product.name}.sum`,
      bindings: [
        read('sums', parts, element),
        ...biases,
        ...(residual ? [read('skip', lowering.slot(residual.x), element)] : []),
        ...members.map(({ output }, m) => write(`y${m}`, lowering.slot(output), element)),
      ],
      lanes: elementLanes,
      workgroups: [elementGroups(total)],
      declarations: `${activationFunctions(new Set(members.flatMap(({ activation }) => activation ?? [])))}
fn summed(row: u32, column: u32) -> ${element} {
  var sum = ${element}();
${Array.from({ length: shape.parts }, (_, part) => `  sum += sums[(${part * shape.sixteens * 16}u + row) * ${partColumns(shape) / width}u + column];`).join('\n')}
  return sum;
}`,
      body: `${elementIndex(total)}
${members.map((_, m) => `if (index >= ${m === 0 ? 0 : ends[m - 1]}u && index < ${ends[m]}u) {\n${memberText(product, shape, m, m === 0 ? 0 : ends[m - 1], widths[m] / width, width)}\n}`).join('\n')}`,
    }),
  )
}

function memberText(
  { members, residual }: Product,
  shape: TileShape,
  m: number,
  begin: number,
  columns: number,
  width: number,
): string {
  const { linears, activation } = members[m]
  const values = linears.map(({ bias }, s) => {
    const { firstTile } = shape.weights.find(({ member, stream }) => member === m && stream === s)!
    const sum = `summed(row, ${(firstTile * tileColumns) / width}u + column)`
    return bias === null ? sum : `${sum} + bias${m}_${s}[column]`
  })
  const each = width === 4 ? ['first.x', 'first.y', 'first.z', 'first.w'] : ['first']
  const active = activation
    ? `${width === 4 ? 'vec4f' : ''}(${each.map((number) => `${activation}(${number})`).join(', ')})`
    : 'first'
  const value = values.length === 2 ? `${active} * (${values[1]})` : active
  const skip = residual ? ` + ${residual.factor === 1 ? '' : `${literal(residual.factor)} * `}skip[at]` : ''
  return `let at = index - ${begin}u;
let row = at / ${columns}u;
let column = at % ${columns}u;
let first = ${values[0]};
y${m}[at] = ${value}${skip};`
}
