/**
 * Retention of one token: rotation of q and k, S = gamma S + k^T v in place, o = q S, division by the decay sum, and the statistics
 * that the norm of each head needs. A workgroup owns a tile of value columns of one head; its lanes share out the key rows.
 */
import { literal } from '../../compile/indexing.js'
import { kernel, read, write, type Binding } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import type { Profile } from '../../device/profile.js'
import { expm1Function } from '../position/expm1.js'
import { type StateText, stateText } from '../state/state-text.js'
import type { HeadStatistics } from './statistics.js'

export interface RetentionStep {
  readonly rows: number
  readonly heads: number
  readonly keyWidth: number
  readonly valueWidth: number
  /** Natural logarithm of the decay of each head. */
  readonly logDecay: readonly number[]
  readonly q: StepOperand // [B, H, Dk]
  readonly k: StepOperand // [B, H / group, Dk]
  readonly v: StepOperand // [B, H / group, Dv]
  readonly mask: number | null // i32 [B]
  readonly state: number // [B, H, Dk, Dv]
  readonly output: number // [B, H, Dv]
  readonly rotation: StepRotation | null
  /** Position i32 [B] of the token, and decays, when the output is divided by the square root of its decay sum. */
  readonly decayNorm: { readonly place: number; readonly logDecay: readonly number[] } | null
  readonly statistics: HeadStatistics
}

export interface StepOperand {
  readonly value: number
  readonly factor: number
  /** Neighbouring heads that share one head of the operand. */
  readonly group: number
}

export interface StepRotation {
  readonly place: number // i32 [B]
  /** Cosines and sines: see `rotationTable`. */
  readonly angles: Float32Array
  readonly layout: 'interleaved' | 'half'
  readonly inverse: boolean
}

const maxLanes = 256
/** Loads of the state that a lane starts before it needs the first. */
const maxRowsInFlight = 8

/** Columns of a tile, in fours: narrower tiles where there would be too few workgroups. */
export function tileFours(rows: number, heads: number, valueWidth: number, { tune }: Profile): number {
  const fours = valueWidth / 4
  if (tune.tile) return Math.min(fours, tune.tile / 4)
  return Math.min(fours, rows * heads * Math.ceil(fours / 8) >= 256 ? 8 : 4)
}

export function emitRetentionStep(step: RetentionStep, lowering: Lowering): void {
  const { rows, heads, keyWidth, valueWidth, statistics, rotation, decayNorm } = step
  const across = statistics.tile / 4
  const groups = Math.min(keyWidth, Math.floor(Math.min(maxLanes, lowering.profile.maxWorkgroupSize) / across))
  const lanes = across * groups
  const fours = valueWidth / 4
  const wanted = statistics.wanted
  const { slot, half } = lowering.state(step.state)
  const state = stateText(half, 'vec4<f32>')
  lowering.emit(
    kernel({
      name: 'retention.step',
      bindings: [
        ...(['q', 'k', 'v'] as const).map((name) =>
          read(name, lowering.slot(step[name].value), name === 'v' ? 'vec4<f32>' : 'f32'),
        ),
        ...(step.mask === null ? [] : [read('live', lowering.slot(step.mask), 'i32')]),
        ...placeBindings(step, lowering),
        write('state', slot, state.element),
        write('o', lowering.slot(step.output)),
        ...(wanted ? [write('statistics', statistics.slot(lowering), wanted === 'layer' ? 'vec2<f32>' : 'f32')] : []),
      ],
      lanes,
      workgroups: [rows * heads * statistics.tiles],
      declarations: [
        `const gammas = array<f32, ${heads}>(${step.logDecay.map((rate) => literal(Math.exp(rate))).join(', ')});`,
        decayNorm
          ? `const rates = array<f32, ${heads}>(${decayNorm.logDecay.map(literal).join(', ')});\n${expm1Function}`
          : '',
        state.declarations,
        rotation ? turnFunction : '',
        `var<workgroup> queries: array<f32, ${keyWidth}>;`,
        `var<workgroup> keys: array<f32, ${keyWidth}>;`,
        `var<workgroup> parts: array<vec4f, ${lanes}>;`,
        wanted ? `var<workgroup> results: array<f32, ${statistics.tile}>;` : '',
      ].join('\n'),
      body: `let tile = group.x % ${statistics.tiles}u;
let head = group.x / ${statistics.tiles}u;
let h = head % ${heads}u;
let b = head / ${heads}u;
${step.mask === null ? '' : deadRow(step)}
let mine = tile * ${across}u + lane % ${across}u;
let inside = ${fours % across === 0 ? 'true' : `mine < ${fours}u`};
let column = ${fours % across === 0 ? 'mine' : `min(mine, ${fours - 1}u)`};
let row = lane / ${across}u;
let base = head * ${keyWidth * fours}u + column;
${updateText(step, { groups, lanes, fours }, state)}
parts[lane] = sum;
workgroupBarrier();
if (lane < ${statistics.tile}u) {
  var result = 0.0;
  for (var i = 0u; i < ${groups}u; i++) { result += parts[i * ${across}u + lane / 4u][lane % 4u]; }
  ${decayNorm ? decayFactor : ''}
  ${wanted ? 'results[lane] = result;' : ''}
  ${valueWidth % statistics.tile === 0 ? '' : `if (tile * ${statistics.tile}u + lane < ${valueWidth}u) `}{ o[head * ${valueWidth}u + tile * ${statistics.tile}u + lane] = result; }
}
${wanted ? statisticsText(statistics) : ''}`,
    }),
  )
}

function placeBindings({ rotation, decayNorm }: RetentionStep, lowering: Lowering): Binding[] {
  const place = rotation?.place ?? decayNorm?.place
  return [
    ...(place === undefined ? [] : [read('place', lowering.slot(place), 'i32')]),
    ...(rotation ? [read('angles', lowering.table(rotation.angles), 'vec2<f32>')] : []),
  ]
}

/** A masked row leaves its state and has zeros for output. */
function deadRow({ valueWidth, statistics }: RetentionStep): string {
  const inside = `lane < ${statistics.tile}u && tile * ${statistics.tile}u + lane < ${valueWidth}u`
  const zero = statistics.wanted === 'layer' ? 'vec2f()' : '0.0'
  return `if (live[b] == 0) {
  if (${inside}) { o[head * ${valueWidth}u + tile * ${statistics.tile}u + lane] = 0.0; }
  ${statistics.wanted ? `if (lane == 0u) { statistics[group.x] = ${zero}; }` : ''}
  return;
}`
}

interface StepShape {
  readonly groups: number
  readonly lanes: number
  readonly fours: number
}

/** Starts the loads of the state, rotates q and k meanwhile, then updates: in passes of a few key rows a lane. */
function updateText(step: RetentionStep, { groups, lanes, fours }: StepShape, state: StateText): string {
  const { keyWidth, v } = step
  const steps = Math.ceil(keyWidth / groups)
  const flight = Math.min(steps, maxRowsInFlight)
  const ragged = steps * groups !== keyWidth || steps % flight !== 0
  const each = Array.from({ length: flight }, (_, i) => i)
  const rows = each.map((i) => `let i${i} = start + ${i * groups}u + row;`)
  const at = (i: number) => `base + ${ragged ? `min(i${i}, ${keyWidth - 1}u)` : `i${i}`} * ${fours}u`
  const loads = each.map((i) => `var s${i} = ${state.load(at(i))};`)
  const updates = each.map((i) => {
    const line = `s${i} = gamma * s${i} + keys[i${i}] * value; sum += queries[i${i}] * s${i}; if (inside) { ${state.store(at(i), `s${i}`)} }`
    return ragged ? `if (i${i} < ${keyWidth}u) { ${line} }` : line
  })
  const prepare = `${rotateText(step, lanes)}
workgroupBarrier();
let gamma = gammas[h];
let value = v[${operandHead(step, v.group)} * ${fours}u + column]${v.factor === 1 ? '' : ` * ${literal(v.factor)}`};
var sum = vec4f();`
  if (steps <= flight) return ['let start = 0u;', ...rows, ...loads, prepare, ...updates].join('\n')
  return `${prepare}
for (var start = 0u; start < ${keyWidth}u; start += ${flight * groups}u) {
${[...rows, ...loads, ...updates].join('\n')}
}`
}

function operandHead({ heads }: RetentionStep, group: number): string {
  return group === 1 ? 'head' : `(b * ${heads / group}u + h / ${group}u)`
}

function rotateText(step: RetentionStep, lanes: number): string {
  const { keyWidth, rotation } = step
  const load = (name: 'q' | 'k', at: string) => {
    const value = `${name}[${operandHead(step, step[name].group)} * ${keyWidth}u + ${at}]`
    return step[name].factor === 1 ? value : `${value} * ${literal(step[name].factor)}`
  }
  if (!rotation)
    return `for (var i = lane; i < ${keyWidth}u; i += ${lanes}u) { queries[i] = ${load('q', 'i')}; keys[i] = ${load('k', 'i')}; }`
  const pairs = keyWidth / 2
  const [first, second] = rotation.layout === 'half' ? ['pair', `pair + ${pairs}u`] : ['2u * pair', '2u * pair + 1u']
  const store = (name: 'q' | 'k', target: string) =>
    `{ let x = turn(vec2f(${load(name, first)}, ${load(name, second)}), angle); ${target}[${first}] = x.x; ${target}[${second}] = x.y; }`
  return `let p = u32(place[b]);
for (var pair = lane; pair < ${pairs}u; pair += ${lanes}u) {
  let turned = turn(turn(angles[(p & 255u) * ${pairs}u + pair], angles[(256u + ((p >> 8u) & 255u)) * ${pairs}u + pair]),
    angles[(512u + ((p >> 16u) & 255u)) * ${pairs}u + pair]);
  let angle = ${rotation.inverse ? 'vec2f(turned.x, -turned.y)' : 'turned'};
  ${store('q', 'queries')}
  ${store('k', 'keys')}
}`
}

const turnFunction =
  'fn turn(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }'

const decayFactor = `let rate = rates[h];
  let count = f32(place[b] + 1);
  result *= inverseSqrt(select(expm1(rate * count) / expm1(rate), count, rate == 0.0));`

function statisticsText({ tile, width, wanted }: HeadStatistics): string {
  const count = width % tile === 0 ? `${tile}u` : `min(${tile}u, ${width}u - tile * ${tile}u)`
  const rms = `var power = 0.0;
  for (var i = 0u; i < ${count}; i++) { power += results[i] * results[i]; }
  statistics[group.x] = power;`
  const layer = `var mean = 0.0;
  for (var i = 0u; i < ${count}; i++) { mean += results[i]; }
  mean /= f32(${count});
  var power = 0.0;
  for (var i = 0u; i < ${count}; i++) { let d = results[i] - mean; power += d * d; }
  statistics[group.x] = vec2f(mean, power);`
  return `workgroupBarrier();
if (lane == 0u) {
  ${wanted === 'layer' ? layer : rms}
}`
}
