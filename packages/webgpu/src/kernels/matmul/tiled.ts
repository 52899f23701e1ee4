/** Matrix products in register tiles of 4 x 4 outputs a lane, straight from global memory: correct for every shape and transpose. */
import { type Binding, kernel, read, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { type Product, windowOf } from './product.js'
import { matrixLoader } from './weight-loader.js'

const tile = 4

export function emitTiled(product: Product, lowering: Lowering): void {
  const { y, rows, inner, columns, batch, transposeA, transposeB } = product
  const { first, stride } = windowOf(product)
  const linear = batch === 1 && !transposeA && transposeB
  const { bindings, declarations, step } = linear ? linearStep(product, lowering) : stridedStep(product, lowering)
  const [tilesDown, tilesAcross] = [Math.ceil(rows / tile), Math.ceil(columns / tile)]
  const range = [0, 1, 2, 3]
  lowering.emit(
    kernel({
      name: linear ? 'matmul.tiled' : 'matmul.strided',
      bindings: [...bindings, write('y', lowering.slot(y))],
      lanes: 64,
      workgroups: [Math.ceil((tilesDown * tilesAcross) / 64), 1, batch],
      declarations,
      body: `let index = group.x * 64u + lane;
if (index >= ${tilesDown * tilesAcross}u) { return; }
let row = index / ${tilesAcross}u * ${tile}u;
let column = index % ${tilesAcross}u * ${tile}u;
let layer = group.z;
${range.map((i) => `let r${i} = min(row + ${i}u, ${rows - 1}u); let c${i} = min(column + ${i}u, ${columns - 1}u);`).join('\n')}
${range.map((i) => `var sum${i} = vec4f();`).join(' ')}
for (var k = 0u; k < ${linear && inner % 4 === 0 ? inner / 4 : inner}u; k++) {
${step}
}
${range
  .map(
    (i) => `if (row + ${i}u < ${rows}u) {
  for (var j = 0u; j < min(4u, ${columns}u - column); j++) { y[(layer * ${rows}u + row + ${i}u) * ${stride}u + ${first}u + column + j] = sum${i}[j]; }
}`,
  )
  .join('\n')}`,
    }),
  )
}

interface Step {
  readonly bindings: readonly Binding[]
  readonly declarations: string
  readonly step: string
}

/** A [M, K] times B [N, K]^T: both run along K, four numbers at a time where K allows; B may be packed. */
function linearStep({ a, b, inner }: Product, lowering: Lowering): Step {
  const x = matrixLoader(lowering, 'x', a, inner)
  const w = matrixLoader(lowering, 'w', b, inner)
  const four = x.vectors && w.vectors
  const [load, multiply] = four ? ['Four', 'dot(x, w%)'] : ['At', 'x * w%']
  const weights = [0, 1, 2, 3].map((j) => `let w${j} = w${load}(c${j}, k);`).join(' ')
  const products = [0, 1, 2, 3].map((j) => multiply.replace('%', String(j))).join(', ')
  const steps = [0, 1, 2, 3].map((i) => `{ let x = x${load}(r${i}, k); sum${i} += vec4f(${products}); }`)
  return {
    bindings: [...x.bindings, ...w.bindings],
    declarations: `${x.declarations}\n${w.declarations}`,
    step: `${weights}\n${steps.join('\n')}`,
  }
}

function stridedStep({ a, b, rows, inner, columns, transposeA, transposeB }: Product, lowering: Lowering): Step {
  const left = (i: number) => (transposeA ? `k * ${rows}u + r${i}` : `r${i} * ${inner}u + k`)
  const right = (j: number) => (transposeB ? `c${j} * ${inner}u + k` : `k * ${columns}u + c${j}`)
  const load = [0, 1, 2, 3].map((j) => `b[layer * ${inner * columns}u + ${right(j)}]`).join(', ')
  const steps = [0, 1, 2, 3].map((i) => `sum${i} += a[layer * ${rows * inner}u + ${left(i)}] * w;`)
  return {
    bindings: [read('a', lowering.slot(a)), read('b', lowering.slot(b))],
    declarations: '',
    step: `let w = vec4f(${load});\n${steps.join('\n')}`,
  }
}
