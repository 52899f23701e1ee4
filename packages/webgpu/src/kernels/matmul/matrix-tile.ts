/** f16 x f16 -> f32 product by subgroup matrices: tiles of 128 x 128, cut among the subgroups, staged as halves in workgroup memory. */
import { type KernelSource, write } from '../../compile/kernel.js'
import type { Profile } from '../../device/profile.js'
import { halvesText } from './halves.js'
import { type MatrixPlace, type MatrixText, subgroupMatrixText } from './matrix-text.js'
import { type TileOperand, type TileProduct, type TileTerm, lines, tileCount, tileOrigin } from './tile-product.js'

/** How the tile is cut; measured, see bench/gemm.mjs. */
export interface MatrixTuning {
  /** Steps along the inner side that are staged at once. */
  readonly depth: 16 | 32
  /** Rows of outputs of a subgroup, beside 64 columns: four subgroups of 64 x 64 read least, eight of 32 x 64 need fewer registers. */
  readonly rows: 32 | 64
  /** The next tile is read before this one is multiplied. */
  readonly ahead: boolean
  readonly staging: Staging
}

/**
 * Subgroup matrices are read from arrays of halves, memory is written fastest by vectors:
 * `halves` writes one half at a time, `rotated` does so in an order that avoids bank conflicts, `vectors` loads matrices from an array
 * of vectors, `view` sees one memory as both (WGSL feature buffer_view).
 */
export type Staging = 'halves' | 'rotated' | 'vectors' | 'view'

export const matrixTuning: MatrixTuning = { depth: 32, rows: 64, ahead: true, staging: 'rotated' }

/** Lanes of a subgroup. */
const subgroup = 32

/** Whether a device has the matrices that the tile is cut for. */
export function offersMatrices({ matrix, subgroupSize }: Profile): boolean {
  return subgroupSize === subgroup && matrix?.m === 16 && matrix.n === 16 && matrix.k === 16
}

/** Outputs of a workgroup along each side. */
const side = 128

function subgroupsOf({ rows }: MatrixTuning): number {
  return (side / rows) * 2
}

interface Layout {
  readonly name: 'A' | 'B'
  readonly operand: TileOperand
  /** Halves between neighbours along the far side; 8 more than needed, so that rows start on different banks. */
  readonly stride: number
  readonly size: number
  /** Lines of eight halves that each lane stages. */
  readonly perLane: number
}

export function matrixTile(
  product: TileProduct,
  tuning = matrixTuning,
  text: MatrixText = subgroupMatrixText,
): KernelSource {
  const { name, layers, splits = 1, bindings, declarations, prologue, terms, output } = product
  const layouts = terms.map((term) => layoutsOf(term, tuning))
  const most = (at: 0 | 1) => Math.max(...layouts.map((pair) => pair[at].size))
  return {
    name: `${name}.matrix`,
    bindings: [...bindings, write('y', output.slot)],
    lanes: subgroupsOf(tuning) * subgroup,
    workgroups: [tileCount(product, side), 1, layers * splits],
    enables: text.enables,
    declarations: `${declarations}
${halvesText}
${memoryText('A', most(0), tuning, text)}
${memoryText('B', most(1), tuning, text)}
var<workgroup> spill: array<f32, ${subgroupsOf(tuning) * 256}>;
${text.attribute}`,
    body: `${tileOrigin(product, side)}
${prologue}
let part = lane / ${subgroup}u;
let down = part / 2u * ${tuning.rows}u;
let across = part % 2u * 64u;
${lines(tuning.rows / 4, (i) => text.accumulator(`sum${i}`))}
${terms.map(({ inner }, index) => termText(inner, layouts[index], tuning, text)).join('\n')}
${storeText(product, tuning, text)}`,
  }
}

function layoutsOf(term: TileTerm, tuning: MatrixTuning): [Layout, Layout] {
  const layout = (name: 'A' | 'B', operand: TileOperand): Layout => {
    const { depth } = tuning
    const stride = (operand.along === 'inner' ? depth : side) + 8
    const lanes = subgroupsOf(tuning) * subgroup
    return {
      name,
      operand,
      stride,
      size: stride * (operand.along === 'inner' ? side : depth),
      perLane: (side * depth) / 8 / lanes,
    }
  }
  return [layout('A', term.a), layout('B', term.b)]
}

function memoryText(name: 'A' | 'B', size: number, { staging }: MatrixTuning, text: MatrixText): string {
  if (staging === 'view') return `var<workgroup> tile${name}: buffer<${size * 2}>;`
  const element = staging === 'vectors' ? 'vec4<u32>' : text.half
  return `var<workgroup> tile${name}: array<${element}, ${staging === 'vectors' ? size / 8 : size}>;`
}

function termText(inner: number, layouts: readonly [Layout, Layout], tuning: MatrixTuning, text: MatrixText): string {
  const { depth, ahead } = tuning
  const load = (at: string) => layouts.map((layout) => loadText(layout, at)).join('\n')
  const stage = layouts.map((layout) => stageText(layout, tuning, text)).join('\n')
  const next = `if (step + ${depth}u < ${inner}u) {\n${load(`(step + ${depth}u)`)}\n}`
  return `{
${layouts.map((layout) => placeText(layout, tuning)).join('\n')}
${ahead ? load('0u') : ''}
for (var step = 0u; step < ${inner}u; step += ${depth}u) {
${ahead ? '' : load('step')}
workgroupBarrier();
${stage}
workgroupBarrier();
${ahead ? next : ''}
for (var k = 0u; k < ${depth}u; k += 16u) {
${multiplyText(layouts, tuning, text)}
}
}
workgroupBarrier();
}`
}

/** Where each of this lane's lines of eight lies in the tile. */
function placeText({ name, operand, perLane }: Layout, tuning: MatrixTuning): string {
  const fast = (operand.along === 'inner' ? tuning.depth : side) / 8
  const [near, far] = operand.along === 'inner' ? ['inner', 'outer'] : ['outer', 'inner']
  return lines(perLane, (i) => {
    const index = `(lane + ${i * subgroupsOf(tuning) * subgroup}u)`
    return `let ${near}${name}${i} = ${index} % ${fast}u * 8u; let ${far}${name}${i} = ${index} / ${fast}u; var next${name}${i} = vec4<u32>();`
  })
}

function loadText({ name, operand, perLane }: Layout, step: string): string {
  const origin = name === 'A' ? 'top' : 'left'
  return lines(perLane, (i) => {
    const [outer, inner] = [`(${origin} + outer${name}${i})`, `(${step} + inner${name}${i})`]
    if (operand.width === 8) return `next${name}${i} = ${operand.at(outer, inner)};`
    const second =
      operand.along === 'inner' ? operand.at(outer, `(${inner} + 4u)`) : operand.at(`(${outer} + 4u)`, inner)
    return `next${name}${i} = vec4<u32>(halves(${operand.at(outer, inner)}), halves(${second}));`
  })
}

function stageText({ name, operand, stride, perLane }: Layout, { staging }: MatrixTuning, text: MatrixText): string {
  return lines(perLane, (i) => {
    const [outer, inner] = [`outer${name}${i}`, `inner${name}${i}`]
    const at = operand.along === 'inner' ? `${outer} * ${stride}u + ${inner}` : `${inner} * ${stride}u + ${outer}`
    const next = `next${name}${i}`
    if (staging === 'vectors') return `tile${name}[(${at}) / 8u] = ${next};`
    if (staging === 'view') return `*bufferView<vec4<u32>>(&tile${name}, (${at}) * 2u) = ${next};`
    const rotated = staging === 'rotated'
    const word = (
      w: number,
    ) => `{ let two = ${text.twoHalves(`words[${w}]`)}; let to = at + ${rotated ? `((turn + ${w}u) & 3u)` : `${w}u`} * 2u;
tile${name}[to] = two[0]; tile${name}[to + 1u] = two[1]; }`
    const turn = `let turn = lane & 3u; let once = select(${next}, ${next}.yzwx, (turn & 1u) != 0u);
let words = select(once, once.zwxy, (turn & 2u) != 0u);`
    return `{ let at = ${at}; ${rotated ? turn : `let words = ${next};`}\n${lines(4, word)} }`
  })
}

function multiplyText([a, b]: readonly [Layout, Layout], { staging, rows }: MatrixTuning, text: MatrixText): string {
  const place = ({ name, operand, stride, size }: Layout, outer: string): MatrixPlace => {
    const inner = operand.along === 'inner'
    const offset = inner ? `${outer} * ${stride}u + k` : `k * ${stride}u + ${outer}`
    // A is stored by rows along its inner side, B by columns
    const major = inner === (name === 'A') ? 'row_major' : 'col_major'
    if (staging === 'vectors') return { array: `tile${name}`, offset: `(${offset}) / 8u`, stride: stride / 8, major }
    const array = staging === 'view' ? `(*bufferView<array<f16, ${size}>>(&tile${name}, 0u))` : `tile${name}`
    return { array, offset, stride, major }
  }
  return `${lines(rows / 16, (i) => text.left(`a${i}`, place(a, `(down + ${i * 16}u)`)))}
${lines(
  4,
  (j) => `{
${text.right('b', place(b, `(across + ${j * 16}u)`))}
${lines(rows / 16, (i) => text.multiply(`sum${i * 4 + j}`, `a${i}`, 'b'))}
}`,
)}`
}

/** Whole tiles go straight to memory, others through workgroup memory with a check of every element. */
function storeText({ rows, columns, output }: TileProduct, tuning: MatrixTuning, text: MatrixText): string {
  const at = (row: string, column: string) => `${output.base} + ${row} * ${output.stride}u + ${column}`
  const matrices = Array.from({ length: tuning.rows / 4 }, (_, index) => ({
    sum: `sum${index}`,
    i: (index >> 2) * 16,
    j: (index & 3) * 16,
  }))
  const direct = matrices.map(({ sum, i, j }) =>
    text.store(sum, { array: 'y', offset: at(`(top + down + ${i}u)`, `left + across + ${j}u`), stride: output.stride }),
  )
  const checked = matrices.map(
    ({ sum, i, j }) => `${text.store(sum, { array: 'spill', offset: 'part * 256u', stride: 16 })}
workgroupBarrier();
for (var e = lane % ${subgroup}u; e < 256u; e += ${subgroup}u) {
let row = top + down + ${i}u + e / 16u;
let column = left + across + ${j}u + e % 16u;
if (row < ${output.rowLimit} && column < ${columns}u) { y[${at('row', 'column')}] = spill[part * 256u + e]; }
}
workgroupBarrier();`,
  )
  if (output.stride % 4 !== 0) return checked.join('\n')
  const everyTileWhole = rows % side === 0 && columns % side === 0 && output.rowLimit === `${rows}u`
  if (everyTileWhole) return direct.join('\n')
  return `if (top + ${side}u <= ${output.rowLimit} && left + ${side}u <= ${columns}u) {
${direct.join('\n')}
} else {
${checked.join('\n')}
}`
}
