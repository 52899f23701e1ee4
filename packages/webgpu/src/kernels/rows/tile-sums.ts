/**
 * Sums of products over parts of the inner side, by subgroup matrices: [parts, rows in sixteens, columns in tiles]. A workgroup stages
 * a tile of the weight and the same depth of x as halves, and starts to read the next ones before it multiplies.
 */
import { type Binding, type Slot, kernel, read, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import type { Product } from '../decode/product.js'
import type { MatrixText } from '../matmul/matrix-text.js'
import { type StagedHalves, stagedHalves } from '../matmul/staged-halves.js'
import { lines } from '../matmul/tile-product.js'
import { type TileShape, partColumns, tileColumns, tileLanes } from './tile-shape.js'

export function emitTileSums(product: Product, shape: TileShape, x: Slot, text: MatrixText, lowering: Lowering): Slot {
  const { tiles, parts, sixteens, depth, steps, lines: weight } = shape
  const slot = lowering.scratch(parts * sixteens * 16 * partColumns(shape) * 4)
  const stride = depth + 8
  const x16 = stagedHalves('tileA', sixteens * 16 * stride, text)
  const w16 = stagedHalves('tileB', tileColumns * stride, text)
  lowering.emit(
    kernel({
      name: `${product.name}.matrix`,
      bindings: [read('x', x, 'vec4<u32>'), ...weightBindings(shape, lowering), write('sums', slot)],
      lanes: tileLanes,
      workgroups: [tiles * parts],
      enables: text.enables,
      declarations: `${weight.declarations}
${x16.declaration}
${w16.declaration}
${text.attribute}`,
      body: `let tile = group.x % ${tiles}u;
let part = group.x / ${tiles}u;
${placeText(shape)}
let across = lane / 32u * 16u;
${lines(sixteens, (i) => text.accumulator(`sum${i}`))}
${declareText(shape)}
${loadText(product, shape, `part * ${steps}u`)}
for (var step = 0u; step < ${steps}u; step++) {
workgroupBarrier();
${stageText(shape, x16, w16)}
workgroupBarrier();
if (step + 1u < ${steps}u) {
${loadText(product, shape, `(part * ${steps}u + step + 1u)`)}
}
for (var k = 0u; k < ${depth}u; k += 16u) {
${text.right('b', w16.place(`across * ${stride}u + k`, stride, 'col_major'))}
${lines(
  sixteens,
  (i) => `{ ${text.left('a', x16.place(`${i * 16 * stride}u + k`, stride, 'row_major'))}
${text.multiply(`sum${i}`, 'a', 'b')} }`,
)}
}
}
${lines(sixteens, (i) =>
  text.store(`sum${i}`, {
    array: 'sums',
    offset: `(part * ${sixteens * 16}u + ${i * 16}u) * ${partColumns(shape)}u + tile * ${tileColumns}u + across`,
    stride: partColumns(shape),
  }),
)}`,
    }),
  )
  return slot
}

function weightBindings({ weights, lines: { scales } }: TileShape, lowering: Lowering): Binding[] {
  return weights.flatMap(({ weight }, w) => [
    read(`w${w}`, lowering.weight(weight, 'data'), 'vec4<u32>'),
    ...(scales ? [read(`scales${w}`, lowering.weight(weight, 'scales'))] : []),
  ])
}

/** Which weight this tile is of, and the first row of the weight in the tile. */
function placeText({ weights }: TileShape): string {
  if (weights.length === 1) return `let first = tile * ${tileColumns}u;`
  const later = weights
    .slice(1)
    .map(
      ({ firstTile }, w) =>
        `if (tile >= ${firstTile}u) { member = ${w + 1}u; first = (tile - ${firstTile}u) * ${tileColumns}u; }`,
    )
  return ['var member = 0u;', `var first = tile * ${tileColumns}u;`, ...later].join('\n')
}

/** Loads of each lane for one step. */
function loadsOf({ depth, sixteens, lines: { numbers } }: TileShape) {
  return {
    weights: Math.ceil((tileColumns * depth) / numbers / tileLanes),
    x: Math.ceil((sixteens * 16 * depth) / 8 / tileLanes),
  }
}

function declareText(shape: TileShape): string {
  const { weights, x } = loadsOf(shape)
  const {
    depth,
    lines: { numbers, scales },
  } = shape
  const [perRow, linesPerRow] = [depth / numbers, depth / 8]
  return [
    lines(weights, (i) => {
      const index = `(lane + ${i * tileLanes}u)`
      return `let row${i} = ${index} / ${perRow}u; let chunk${i} = ${index} % ${perRow}u; var w_${i} = vec4<u32>();${scales ? ` var z_${i} = 0.0;` : ''}`
    }),
    lines(x, (i) => {
      const index = `(lane + ${i * tileLanes}u)`
      return `let xRow${i} = ${index} / ${linesPerRow}u; let xLine${i} = ${index} % ${linesPerRow}u; var x_${i} = vec4<u32>();`
    }),
  ].join('\n')
}

function loadText({ rows, inner }: Product, shape: TileShape, step: string): string {
  const { depth, parts, steps, weights, lines: weight } = shape
  const perRow = depth / weight.numbers
  const ragged = parts * steps * depth !== inner
  const loads = loadsOf(shape)
  const load = (w: number) =>
    lines(loads.weights, (i) => {
      const { columns } = weights[w]
      const row = columns % tileColumns === 0 ? `(first + row${i})` : `min(first + row${i}, ${columns - 1}u)`
      const chunk = `${step} * ${perRow}u + chunk${i}`
      const at = ragged ? `min(${chunk}, ${weight.count - 1}u)` : `(${chunk})`
      const scale = weight.scales
        ? ` z_${i} = scales${w}[${row} * ${weight.scales}u + ${at} * ${weight.numbers}u / 32u];`
        : ''
      return `w_${i} = w${w}[${row} * ${weight.count}u + ${at}];${scale}`
    })
  return `${weights.length === 1 ? load(0) : `switch (member) {\n${lines(weights.length, (w) => `${w === weights.length - 1 ? 'default' : `case ${w}u`}: {\n${load(w)}\n}`)}\n}`}
${lines(loads.x, (i) => {
  const at = `${step} * ${depth / 8}u + xLine${i}`
  const checks = [
    ...(shape.sixteens * 16 === rows ? [] : [`xRow${i} < ${rows}u`]),
    ...(ragged ? [`${at} < ${inner / 8}u`] : []),
  ]
  // zeros past the end take away what the weights have there
  const value = `x[xRow${i} * ${inner / 8}u + ${at}]`
  return checks.length === 0
    ? `x_${i} = ${value};`
    : `x_${i} = vec4<u32>(); if (${checks.join(' && ')}) { x_${i} = ${value}; }`
})}`
}

function stageText(shape: TileShape, x: StagedHalves, w: StagedHalves): string {
  const { depth, sixteens, lines: weight } = shape
  const stride = depth + 8
  const loads = loadsOf(shape)
  // the last loads of a small tile are for some of the lanes only
  const inside = (last: boolean, total: number, condition: string, body: string) =>
    !last || total % tileLanes === 0 ? body : `if (${condition}) {\n${body}\n}`
  const weightLine = (i: number, l: number) =>
    w.line(`row${i} * ${stride}u + chunk${i} * ${weight.numbers}u + ${l * 8}u`, weight.line(`w_${i}`, l, `z_${i}`))
  const weightLoad = (i: number) =>
    inside(
      i + 1 === loads.weights,
      (tileColumns * depth) / weight.numbers,
      `row${i} < ${tileColumns}u`,
      lines(weight.numbers / 8, (l) => weightLine(i, l)),
    )
  const xLoad = (i: number) =>
    inside(
      i + 1 === loads.x,
      sixteens * 2 * depth,
      `xRow${i} < ${sixteens * 16}u`,
      x.line(`xRow${i} * ${stride}u + xLine${i} * 8u`, `x_${i}`),
    )
  return `${lines(loads.weights, weightLoad)}\n${lines(loads.x, xLoad)}`
}
