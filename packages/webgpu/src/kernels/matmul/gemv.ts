/** y = x W^T for a few rows of x: the weight is read once, in order, and each of its rows is reduced by one workgroup. */
import { kernel, read, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { type Product, windowOf } from './product.js'
import { matrixLoader } from './weight-loader.js'

export const maxGemvRows = 8

export function emitGemv(product: Product, lowering: Lowering): void {
  if (lowering.profile.barriers && product.inner % 4 === 0) emitReduced(product, lowering)
  else emitSerial(product, lowering)
}

/** One lane an output: no barrier. For software adapters and odd widths. */
function emitSerial(product: Product, lowering: Lowering): void {
  const { a, b, y, rows, inner, columns } = product
  const { first, stride } = windowOf(product)
  const x = matrixLoader(lowering, 'x', a, inner)
  const w = matrixLoader(lowering, 'w', b, inner)
  const vectors = x.vectors && w.vectors
  const step = vectors
    ? `for (var k = 0u; k < ${inner / 4}u; k++) { sum += dot(xFour(row, k), wFour(column, k)); }`
    : `for (var k = 0u; k < ${inner}u; k++) { sum += xAt(row, k) * wAt(column, k); }`
  lowering.emit(
    kernel({
      name: 'matmul.serial',
      bindings: [...x.bindings, ...w.bindings, write('y', lowering.slot(y))],
      lanes: 64,
      workgroups: [Math.ceil((rows * columns) / 64)],
      declarations: `${x.declarations}\n${w.declarations}`,
      body: `let index = group.x * 64u + lane;
if (index >= ${rows * columns}u) { return; }
let row = index / ${columns}u;
let column = index % ${columns}u;
var sum = 0.0;
${step}
y[row * ${stride}u + ${first}u + column] = sum;`,
    }),
  )
}

const lanes = 128
const columnsPerGroup = 4

/** Each workgroup reduces four rows of the weight against all rows of x. */
function emitReduced(product: Product, lowering: Lowering): void {
  const { a, b, y, rows, inner, columns } = product
  const { first: begin, stride } = windowOf(product)
  const w = matrixLoader(lowering, 'w', b, inner)
  const each = (line: (c: number, r: number) => string) =>
    Array.from({ length: columnsPerGroup * rows }, (_, i) =>
      line(i % columnsPerGroup, Math.floor(i / columnsPerGroup)),
    ).join('\n')
  const column = (c: number) => `min(first + ${c}u, ${columns - 1}u)`
  lowering.emit(
    kernel({
      name: 'matmul.gemv',
      bindings: [read('x', lowering.slot(a), 'vec4<f32>'), ...w.bindings, write('y', lowering.slot(y))],
      lanes,
      workgroups: [Math.ceil(columns / columnsPerGroup)],
      declarations: `${w.declarations}\nvar<workgroup> parts: array<f32, ${lanes * columnsPerGroup * rows}>;`,
      body: `let first = group.x * ${columnsPerGroup}u;
${each((c, r) => `var sum_${c}_${r} = 0.0;`)}
for (var k = lane; k < ${inner / 4}u; k += ${lanes}u) {
${Array.from({ length: columnsPerGroup }, (_, c) => `let w_${c} = wFour(${column(c)}, k);`).join('\n')}
${Array.from({ length: rows }, (_, r) => `let x_${r} = x[${(r * inner) / 4}u + k];`).join('\n')}
${each((c, r) => `sum_${c}_${r} += dot(w_${c}, x_${r});`)}
}
${each((c, r) => `parts[${(r * columnsPerGroup + c) * lanes}u + lane] = sum_${c}_${r};`)}
for (var step = ${lanes / 2}u; step > 0u; step >>= 1u) {
  workgroupBarrier();
  if (lane < step) {
${each((c, r) => `parts[${(r * columnsPerGroup + c) * lanes}u + lane] += parts[${(r * columnsPerGroup + c) * lanes}u + lane + step];`)}
  }
}
workgroupBarrier();
if (lane < ${columnsPerGroup * rows}u && first + lane % ${columnsPerGroup}u < ${columns}u) {
  y[lane / ${columnsPerGroup}u * ${stride}u + ${begin}u + first + lane % ${columnsPerGroup}u] = parts[lane * ${lanes}u];
}`,
    }),
  )
}
