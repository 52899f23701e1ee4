/** The left side of a product for few rows: numbers as they are, or a norm (and a gate) applied while they are read. */
import { literal } from '../../compile/indexing.js'
import { type Binding, read } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { rowReduction } from '../../compile/reduce.js'
import type { HeadStatistics } from './statistics.js'

export type ProductInput = PlainInput | NormInput | HeadsInput

export interface PlainInput {
  readonly kind: 'plain'
  readonly x: number // [rows, K]
}

export interface NormInput {
  readonly kind: 'rms' | 'layer'
  readonly x: number // [rows, K]
  readonly weight: number | null // [K]
  readonly bias: number | null // [K]
  readonly epsilon: number
}

/** Every head of a retained value normed by statistics that were left beside it, times a gate. */
export interface HeadsInput {
  readonly kind: 'heads'
  readonly x: number // [rows, H, Dv]
  readonly weight: number | null // [Dv]
  readonly bias: number | null // [Dv]
  readonly epsilon: number
  readonly gate: number | null // [rows, H * Dv]
  readonly statistics: HeadStatistics
}

export interface InputText {
  readonly bindings: readonly Binding[]
  readonly declarations: string
  /** Runs once, in uniform control flow. */
  readonly prologue: string
  /** Loads what all rows share of the four numbers `at`. */
  readonly shared: string
  /** Declares `x`, four numbers of row `r` of the block; `row_r` is where the row begins, in fours. */
  readonly row: (r: number) => string
  /** True when `row` sums squares in `square_r`, and the sums are to be scaled by their norm. */
  readonly squares: boolean
}

/** For a block of `rows` rows from `base` of width `inner`, and workgroups of `lanes`. */
export function inputText(
  input: ProductInput,
  inner: number,
  rows: number,
  lanes: number,
  lowering: Lowering,
): InputText {
  if (input.kind === 'heads') return headsText(input, rows, lanes, lowering)
  const x = read('x', lowering.slot(input.x), 'vec4<f32>')
  if (input.kind === 'plain') {
    return {
      bindings: [x],
      declarations: '',
      prologue: '',
      shared: '',
      row: (r) => `let x_ = x[row_${r} + at];`,
      squares: false,
    }
  }
  const bindings = [x, ...affineBindings(input, lowering)]
  const shared = affineLoads(input, 'at')
  if (input.kind === 'rms') {
    const row = (r: number) =>
      `let raw = x[row_${r} + at]; square_${r} += dot(raw, raw); let x_ = raw${input.weight === null ? '' : ' * g'};`
    return { bindings, declarations: '', prologue: '', shared, row, squares: true }
  }
  return {
    bindings,
    declarations: rowReduction(lowering.profile, inner, lanes).declarations,
    prologue: each(rows, (r) => momentsOfRow(r, inner, lanes, input.epsilon)),
    shared,
    row: (r) => `let x_ = (x[row_${r} + at] - mean_${r}) * inverse_${r}${affine(input)};`,
    squares: false,
  }
}

function momentsOfRow(r: number, inner: number, lanes: number, epsilon: number): string {
  const loop = `for (var i = lane; i < ${inner / 4}u; i += ${lanes}u)`
  return `var all_${r} = 0.0;
${loop} { all_${r} += dot(x[row_${r} + i], vec4f(1.0)); }
let mean_${r} = reduceSum(all_${r}, lane) / ${literal(inner)};
var power_${r} = 0.0;
${loop} { let v = x[row_${r} + i] - mean_${r}; power_${r} += dot(v, v); }
let inverse_${r} = inverseSqrt(reduceSum(power_${r}, lane) / ${literal(inner)} + ${literal(epsilon)});`
}

function headsText(input: HeadsInput, rows: number, lanes: number, lowering: Lowering): InputText {
  const { statistics, epsilon } = input
  const { heads, width, tiles, tile, wanted } = statistics
  const layer = wanted === 'layer'
  const gate = input.gate === null ? [] : [read('gate', lowering.slot(input.gate), 'vec4<f32>')]
  const combine = layer
    ? `var mean = 0.0;
  for (var i = 0u; i < ${tiles}u; i++) { mean += statistics[first + i].x * ${tileCount(tile, width, 'i')}; }
  mean /= ${literal(width)};
  var power = 0.0;
  for (var i = 0u; i < ${tiles}u; i++) { let s = statistics[first + i]; let d = s.x - mean; power += s.y + d * d * ${tileCount(tile, width, 'i')}; }
  means[index] = mean;`
    : `var power = 0.0;
  for (var i = 0u; i < ${tiles}u; i++) { power += statistics[first + i]; }`
  return {
    bindings: [
      read('x', lowering.slot(input.x), 'vec4<f32>'),
      ...gate,
      ...affineBindings(input, lowering),
      read('statistics', statistics.slot(lowering), layer ? 'vec2<f32>' : 'f32'),
    ],
    declarations: `var<workgroup> inverses: array<f32, ${rows * heads}>;${layer ? `\nvar<workgroup> means: array<f32, ${rows * heads}>;` : ''}`,
    prologue: `for (var index = lane; index < ${rows * heads}u; index += ${lanes}u) {
  let first = (min(base + index / ${heads}u, ${statistics.rows - 1}u) * ${heads}u + index % ${heads}u) * ${tiles}u;
  ${combine}
  inverses[index] = inverseSqrt(power / ${literal(width)} + ${literal(epsilon)});
}
workgroupBarrier();`,
    shared: `let head = at / ${width / 4}u;\n${affineLoads(input, `at % ${width / 4}u`)}`,
    row(r) {
      const value = layer ? `(x[row_${r} + at] - means[${r * heads}u + head])` : `x[row_${r} + at]`
      const normal = `${value} * inverses[${r * heads}u + head]${affine(input)}`
      return input.gate === null ? `let x_ = ${normal};` : `let x_ = (${normal}) * gate[row_${r} + at];`
    },
    squares: false,
  }
}

function tileCount(tile: number, width: number, index: string): string {
  return width % tile === 0 ? literal(tile) : `f32(min(${tile}u, ${width}u - ${index} * ${tile}u))`
}

type Affine = Pick<NormInput, 'weight' | 'bias'>

function affineBindings({ weight, bias }: Affine, lowering: Lowering): Binding[] {
  return [
    ...(weight === null ? [] : [read('normWeight', lowering.slot(weight), 'vec4<f32>')]),
    ...(bias === null ? [] : [read('normBias', lowering.slot(bias), 'vec4<f32>')]),
  ]
}

function affineLoads({ weight, bias }: Affine, at: string): string {
  return [weight === null ? '' : `let g = normWeight[${at}];`, bias === null ? '' : `let h = normBias[${at}];`]
    .filter(Boolean)
    .join(' ')
}

function affine({ weight, bias }: Affine): string {
  return `${weight === null ? '' : ' * g'}${bias === null ? '' : ' + h'}`
}

function each(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n')
}
