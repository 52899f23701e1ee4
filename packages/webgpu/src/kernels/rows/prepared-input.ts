/** The left side of a product as halves: [rows, K], with its norm or gate applied. One workgroup a slice of a row. */
import { literal } from '../../compile/indexing.js'
import { type Slot, kernel, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { rowReduction } from '../../compile/reduce.js'
import type { Product } from '../decode/product.js'
import { inputText } from '../decode/product-input.js'
import { halvesText } from '../matmul/halves.js'

const lanes = 256

export function emitPreparedInput({ input, rows, inner }: Product, lowering: Lowering): Slot {
  const fours = inner / 4
  const slices = Math.ceil(fours / lanes)
  const slot = lowering.scratch(rows * inner * 2)
  const text = inputText(input, inner, 1, lanes, lowering)
  // a slice needs the squares of the whole row
  const squares = text.squares
    ? `for (var at = lane; at < ${fours}u; at += ${lanes}u) { ${text.shared} ${text.row(0)} }
let inverse = inverseSqrt(reduceSum(square_0, lane) / ${literal(inner)} + ${literal(input.kind === 'rms' ? input.epsilon : 0)});`
    : ''
  lowering.emit(
    kernel({
      name: 'product.input',
      bindings: [...text.bindings, write('halvesOfX', slot, 'vec2<u32>')],
      lanes,
      workgroups: [rows * slices],
      declarations: [
        text.declarations,
        text.squares ? rowReduction(lowering.profile, inner, lanes).declarations : '',
        halvesText,
      ].join('\n'),
      body: `let base = group.x / ${slices}u;
let row_0 = base * ${fours}u;
var square_0 = 0.0;
${text.prologue}
${squares}
let at = group.x % ${slices}u * ${lanes}u + lane;
if (at < ${fours}u) { ${text.shared} ${text.row(0)} halvesOfX[row_0 + at] = halves(x_${text.squares ? ' * inverse' : ''}); }`,
    }),
  )
  return slot
}
