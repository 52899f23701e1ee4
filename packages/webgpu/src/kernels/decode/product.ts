/**
 * y = W x for a few rows of x: each workgroup reduces a few rows of a weight. One kernel may hold several weights that share x; a norm
 * of x is applied while x is read, and bias, activation, gate and residual are applied to the sums. Its slow twin is the graph itself.
 */
import { type WeightEncoding } from '@retnet/core'
import { literal } from '../../compile/indexing.js'
import { type Binding, kernel, read, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { emitMatrixProduct, suitsMatrixProduct } from '../rows/matrix-product.js'
import { type ActivationName, activationFunctions } from './activation.js'
import { laneSums } from './lane-sums.js'
import { type ProductInput, inputText } from './product-input.js'
import { type ProductShape, productShape } from './product-shape.js'

export interface Linear {
  readonly weight: number // [N, K]
  readonly bias: number | null // [N]
}

export interface ProductMember {
  /** One weight, or two: y = activation(first) * second. */
  readonly linears: readonly Linear[]
  readonly activation: ActivationName | null
  readonly output: number // [rows, N]
}

export interface Product {
  readonly name: string
  readonly rows: number
  readonly inner: number
  readonly encoding: WeightEncoding
  readonly input: ProductInput
  readonly members: readonly ProductMember[]
  /** y += factor * x; for products of one member. */
  readonly residual: { readonly x: number; readonly factor: number } | null
}

export function emitProduct(product: Product, lowering: Lowering): void {
  const widths = product.members.flatMap(({ linears }) => linears.map(({ weight }) => lowering.type(weight).shape[0]))
  if (suitsMatrixProduct({ ...product, columns: Math.min(...widths) }, lowering)) emitMatrixProduct(product, lowering)
  else emitFewRows(product, lowering)
}

export function emitFewRows(product: Product, lowering: Lowering): void {
  const { members, residual, rows, inner } = product
  const shape = productShape(product, lowering)
  const { block, columns, streams, lanes } = shape
  const input = inputText(product.input, inner, block, lanes, lowering)
  const sums = laneSums(lowering.profile, lanes, streams * columns * block + (input.squares ? block : 0))
  const loads = loadText(product, shape)
  const single = shape.steps <= shape.unroll
  lowering.emit(
    kernel({
      name: product.name,
      bindings: [
        ...input.bindings,
        ...members.flatMap((member, m) => memberBindings(member, m, shape, lowering)),
        ...(residual ? [read('skip', lowering.slot(residual.x))] : []),
        ...members.map(({ output }, m) => write(`y${m}`, lowering.slot(output))),
      ],
      lanes,
      workgroups: [shape.tiles * shape.blocks],
      enables: sums.enables,
      declarations: [
        input.declarations,
        sums.declarations,
        shape.chunks.declarations,
        activationFunctions(new Set(members.flatMap(({ activation }) => activation ?? []))),
      ]
        .filter(Boolean)
        .join('\n'),
      body: `${placeText(product, shape)}
${residual ? skipText(shape, rows) : ''}
${range(block, (r) => `let row_${r} = ${block * shape.blocks === rows && r < rows ? `(base + ${r}u)` : `min(base + ${r}u, ${rows - 1}u)`} * ${inner / 4}u;`)}
${sumNames(shape)
  .concat(input.squares ? names(block, 'square_') : [])
  .map((name) => `var ${name} = 0.0;`)
  .join(' ')}
${
  // in one go the weights are on their way before anything waits for the input
  single
    ? `let start = 0u;\n${loads}\n${input.prologue}\n${multiplyText(input.shared, input.row, shape)}`
    : `${input.prologue}\nfor (var start = 0u; start < ${shape.steps}u; start += ${shape.unroll}u) {\n${loads}\n${multiplyText(input.shared, input.row, shape)}\n}`
}
${sums.store([...sumNames(shape), ...(input.squares ? names(block, 'square_') : [])])}
${storeText(product, shape, input.squares)}`,
    }),
  )
}

function memberBindings(
  { linears }: ProductMember,
  m: number,
  { chunks }: ProductShape,
  lowering: Lowering,
): Binding[] {
  return linears.flatMap(({ weight, bias }, s) => [
    lowering.encoding(weight) === null
      ? read(`w${m}_${s}`, lowering.slot(weight), chunks.element)
      : read(`w${m}_${s}`, lowering.weight(weight, 'data'), chunks.element),
    ...(chunks.scales ? [read(`scales${m}_${s}`, lowering.weight(weight, 'scales'))] : []),
    ...(bias === null ? [] : [read(`bias${m}_${s}`, lowering.slot(bias))]),
  ])
}

/** Block of rows, member and first column of this workgroup. */
function placeText({ members }: Product, { blocks, block, columns, starts }: ProductShape): string {
  const place = starts
    .map((start, m) =>
      m === 0 ? '' : `if (tile >= ${start}u) { member = ${m}u; first = (tile - ${start}u) * ${columns}u; }`,
    )
    .filter(Boolean)
  return [
    blocks === 1 ? 'let tile = group.x;' : `let tile = group.x / ${blocks}u;`,
    blocks === 1 ? 'let base = 0u;' : `let base = group.x % ${blocks}u * ${block}u;`,
    members.length === 1 ? `let first = tile * ${columns}u;` : `var member = 0u; var first = tile * ${columns}u;`,
    ...place,
  ].join('\n')
}

/** The residual of the result that this lane will hold, on its way before the sums are needed. */
function skipText({ columns, block, widths }: ProductShape, rows: number): string {
  const row = `min(base + lane / ${columns}u, ${rows - 1}u)`
  const column = `min(first + lane % ${columns}u, ${widths[0] - 1}u)`
  return `var skipped = 0.0;
if (lane < ${columns * block}u) { skipped = skip[${row} * ${widths[0]}u + ${column}]; }`
}

function loadText({ members }: Product, shape: ProductShape): string {
  const { chunks, columns, streams, unroll, lanes, ragged } = shape
  const steps = Array.from({ length: unroll }, (_, u) => u)
  const parts = steps.flatMap((u) => range2(streams, columns, (s, c) => ({ u, s, c })))
  const declare = [
    ...steps.map((u) => `let k_${u} = (start + ${u}u) * ${lanes}u + lane;`),
    ...(ragged ? steps.map((u) => `let at_${u} = min(k_${u}, ${chunks.count - 1}u);`) : []),
    parts
      .map(
        ({ u, s, c }) =>
          `var w_${u}_${s}_${c}: ${chunks.element};${chunks.scales ? ` var z_${u}_${s}_${c}: f32;` : ''}`,
      )
      .join(' '),
  ]
  const load = (m: number) =>
    parts
      .map(({ u, s, c }) => {
        const width = shape.widths[m]
        const row = width % columns === 0 ? `(first + ${c}u)` : `min(first + ${c}u, ${width - 1}u)`
        const at = ragged ? `at_${u}` : `k_${u}`
        const scale = chunks.scales
          ? ` z_${u}_${s}_${c} = scales${m}_${s}[${row} * ${chunks.scales}u + ${at} / ${chunks.perScale}u];`
          : ''
        return `w_${u}_${s}_${c} = w${m}_${s}[${row} * ${chunks.stride}u + ${at}];${scale}`
      })
      .join('\n')
  return [...declare, perMember(members.length, load)].join('\n')
}

function multiplyText(shared: string, row: (r: number) => string, shape: ProductShape): string {
  const { chunks, columns, streams, unroll, block, ragged } = shape
  const fours = chunks.numbers / 4
  const scaled = chunks.scales > 0
  // the scale goes to the sums of a few rows, or else to the weights that many rows share
  const scaleSums = scaled && block <= 4
  const step = (u: number) =>
    range(fours, (f) => {
      const unpack = range2(streams, columns, (s, c) => {
        const value = chunks.unpack(`w_${u}_${s}_${c}`, f)
        return `let v_${s}_${c} = ${value}${scaled && !scaleSums ? ` * z_${u}_${s}_${c}` : ''};`
      })
      const add = (s: number, c: number, r: number) =>
        `sum_${s}_${c}_${r} += ${scaleSums ? `z_${u}_${s}_${c} * ` : ''}dot(v_${s}_${c}, x_);`
      const rows = range(block, (r) => `{ ${row(r)} ${range2(streams, columns, (s, c) => add(s, c, r)).join(' ')} }`)
      return `{ let at = k_${u} * ${fours}u + ${f}u; ${shared}\n${unpack.join('\n')}\n${rows} }`
    })
  return range(unroll, (u) => (ragged ? `if (k_${u} < ${chunks.count}u) {\n${step(u)}\n}` : step(u)))
}

/** The first lanes hold one result each. */
function storeText({ members, residual, input, rows, inner }: Product, shape: ProductShape, squares: boolean): string {
  const { columns, block, streams } = shape
  const count = columns * block
  const epsilon = squares && input.kind === 'rms' ? input.epsilon : 0
  const norm = squares
    ? `let inverse = inverseSqrt(total(${streams * count}u + r) / ${literal(inner)} + ${literal(epsilon)});`
    : ''
  const store = (m: number) => {
    const { linears, activation } = members[m]
    const values = linears.map(({ bias }, s) => {
      const sum = `total(${s === 0 ? '' : `${s * count}u + `}lane)${squares ? ' * inverse' : ''}`
      return bias === null ? sum : `${sum} + bias${m}_${s}[column]`
    })
    const active = activation ? `${activation}(${values[0]})` : values[0]
    const value = values.length === 2 ? `${active} * (${values[1]})` : active
    const width = shape.widths[m]
    const skip = residual ? ` + ${residual.factor === 1 ? '' : `${literal(residual.factor)} * `}skipped` : ''
    const line = `y${m}[row * ${width}u + column] = ${value}${skip};`
    return width % columns === 0 ? line : `if (column < ${width}u) { ${line} }`
  }
  return `if (lane < ${count}u) {
let r = lane / ${columns}u;
let row = base + r;
let column = first + lane % ${columns}u;
${norm}
${block * shape.blocks === rows ? perMember(members.length, store) : `if (row < ${rows}u) { ${perMember(members.length, store)} }`}
}`
}

function perMember(count: number, text: (member: number) => string): string {
  if (count === 1) return text(0)
  return Array.from(
    { length: count },
    (_, m) => `${m < count - 1 ? `if (member == ${m}u) ` : ''}{\n${text(m)}\n}`,
  ).join(' else ')
}

/** In the order of the sums: stream, row, column. */
function sumNames({ streams, columns, block }: ProductShape): string[] {
  return range2(streams, block, (s, r) => names(columns, '').map((c) => `sum_${s}_${c}_${r}`)).flat()
}

function names(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}

function range(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n')
}

function range2<T>(outer: number, inner: number, item: (a: number, b: number) => T): T[] {
  return Array.from({ length: outer * inner }, (_, index) => item(Math.floor(index / inner), index % inner))
}
