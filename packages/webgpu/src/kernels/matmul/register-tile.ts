/** f32 product in tiles of workgroup memory: each lane keeps 8 x 8 outputs in registers. For GPUs, where barriers are cheap. */
import { type KernelSource, write } from '../../compile/kernel.js'
import type { Profile } from '../../device/profile.js'
import { type TileOperand, type TileProduct, type TileTerm, lines, tileCount, tileOrigin } from './tile-product.js'

export type RegisterTileSide = 64 | 128

/** Steps along the inner side that are staged at once. */
const depth = 16

/** Large tiles read less; small ones keep all of a GPU busy, and waste less on small matrices. */
export function registerSide(product: TileProduct, { maxWorkgroupSize }: Profile): RegisterTileSide {
  const busy = 128
  const large = maxWorkgroupSize >= 256 && Math.min(product.rows, product.columns) > 64
  return large && tileCount(product, 128) * product.layers >= busy ? 128 : 64
}

export function registerTile(product: TileProduct, tile: RegisterTileSide): KernelSource {
  const { name, layers, splits = 1, bindings, declarations, prologue, terms, output } = product
  const vectors = output.stride % 4 === 0 && product.columns % 4 === 0
  return {
    name: `${name}.register`,
    bindings: [...bindings, write('y', output.slot, vectors ? 'vec4<f32>' : 'f32')],
    lanes: (tile / 8) ** 2,
    workgroups: [tileCount(product, tile), 1, layers * splits],
    declarations: `${declarations}
var<workgroup> tileA: array<vec4f, ${(depth * tile) / 4}>;
var<workgroup> tileB: array<vec4f, ${(depth * tile) / 4}>;`,
    body: `${tileOrigin(product, tile)}
${prologue}
let down = lane / ${tile / 8}u;
let across = lane % ${tile / 8}u;
${lines(8, (r) => `var left${r} = vec4f(); var right${r} = vec4f();`)}
${terms.map((term) => termText(term, tile)).join('\n')}
${lines(8, (r) => storeText(product, tile, r, vectors))}`,
  }
}

function termText({ inner, a, b }: TileTerm, tile: number): string {
  const load = (at: string) => split(tile, loadText('A', a, at), loadText('B', b, at))
  const stage = split(tile, stageText('A', a, tile), stageText('B', b, tile))
  return `{
${placeText('A', a, tile)}
${placeText('B', b, tile)}
${lines(4, (i) => `var nextA${i} = vec4f();${tile === 64 ? ` var nextB${i} = vec4f();` : ''}`)}
${load('0u')}
for (var step = 0u; step < ${inner}u; step += ${depth}u) {
workgroupBarrier();
${stage}
workgroupBarrier();
if (step + ${depth}u < ${inner}u) {
${load(`step + ${depth}u`)}
}
for (var k = 0u; k < ${depth}u; k++) {
let at = k * ${tile / 4}u;
let swizzle = k / 4u * 2u;
let a0 = tileA[at + (down ^ swizzle)]; let a1 = tileA[at + ((down + ${tile / 8}u) ^ swizzle)];
let b0 = tileB[at + (across ^ swizzle)]; let b1 = tileB[at + ((across + ${tile / 8}u) ^ swizzle)];
${lines(8, (r) => `left${r} += a${r >> 2}[${r & 3}] * b0; right${r} += a${r >> 2}[${r & 3}] * b1;`)}
}
}
}`
}

/** With 64 lanes each stages one block of 4 x 4 of both operands; with 256 half of the lanes take A, half B. */
function split(tile: number, a: string, b: string): string {
  return tile === 64 ? `${a}\n${b}` : `if (lane < 128u) {\n${a}\n} else {\n${b.replaceAll('nextB', 'nextA')}\n}`
}

/** Where this lane's block lies in the tile: four outer and four inner positions. */
function placeText(name: 'A' | 'B', { along }: TileOperand, tile: number): string {
  const fast = (along === 'inner' ? depth : tile) / 4
  const [near, far] = along === 'inner' ? ['inner', 'outer'] : ['outer', 'inner']
  return `let ${near}${name} = lane % ${fast}u * 4u; let ${far}${name} = lane % ${tile}u / ${fast}u * 4u;`
}

function loadText(name: 'A' | 'B', operand: TileOperand, step: string): string {
  const origin = name === 'A' ? 'top' : 'left'
  const read = (i: number) =>
    operand.along === 'inner'
      ? operand.at(`(${origin} + outer${name} + ${i}u)`, `(${step} + inner${name})`)
      : operand.at(`(${origin} + outer${name})`, `(${step} + inner${name} + ${i}u)`)
  return lines(4, (i) => `next${name}${i} = ${read(i)};`)
}

/** Memory is [inner][outer / 4]; the exclusive or keeps lanes of one store and of one load on different banks. */
function stageText(name: 'A' | 'B', operand: TileOperand, tile: number): string {
  const next = [0, 1, 2, 3].map((i) => `next${name}${i}`)
  const column = (i: number) =>
    operand.along === 'outer' ? next[i] : `vec4f(${next.map((value) => `${value}[${i}]`).join(', ')})`
  const at = (i: number) => `(inner${name} + ${i}u) * ${tile / 4}u + ((outer${name} / 4u) ^ (inner${name} / 2u))`
  return lines(4, (i) => `tile${name}[${at(i)}] = ${column(i)};`)
}

function storeText({ columns, output }: TileProduct, tile: number, r: number, vectors: boolean): string {
  const row = `(top + down * 4u + ${(r >> 2) * (tile / 2) + (r & 3)}u)`
  const half = (value: string, offset: number) => {
    const column = `(left + across * 4u + ${offset}u)`
    const at = `${output.base} + ${row} * ${output.stride}u + ${column}`
    return vectors
      ? `if (${column} < ${columns}u) { y[(${at}) / 4u] = ${value}; }`
      : `for (var j = 0u; j < 4u; j++) { if (${column} + j < ${columns}u) { y[${at} + j] = ${value}[j]; } }`
  }
  return `if (${row} < ${output.rowLimit}) {
${half(`left${r}`, 0)}
${half(`right${r}`, tile / 2)}
}`
}
