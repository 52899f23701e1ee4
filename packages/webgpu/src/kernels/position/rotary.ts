/** Rotation of pairs by their positions, after a factor. Four pairs a lane where the width allows. */
import { type RotaryAttributes, sizeOf } from '@retnet/core'
import { elementGroups, elementIndex, elementLanes, literal } from '../../compile/indexing.js'
import { kernel, read, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { rotationTable } from './rotation-table.js'

export interface Rotation {
  readonly x: number
  /** [B, T, heads, width] */
  readonly shape: readonly number[]
  readonly place: number
  readonly y: number
  readonly factor: number
  readonly attributes: RotaryAttributes
}

export function emitRotary(rotation: Rotation, lowering: Lowering): void {
  const { x, shape, place, y, attributes } = rotation
  const pairs = shape[3] / 2
  const four = pairs % 4 === 0
  const total = sizeOf(shape) / (four ? 8 : 2)
  const element = four ? 'vec4<f32>' : 'f32'
  lowering.emit(
    kernel({
      name: 'rotary',
      bindings: [
        read('x', lowering.slot(x), element),
        read('place', lowering.slot(place), 'i32'),
        read('angles', lowering.table(rotationTable(shape[3], attributes)), four ? 'vec4<f32>' : 'vec2<f32>'),
        write('y', lowering.slot(y), element),
      ],
      lanes: elementLanes,
      workgroups: [elementGroups(total)],
      declarations: four ? turnFour : turnOne,
      body: `${elementIndex(total)}\n${four ? fourPairs(rotation, pairs, shape[2]) : onePair(rotation, pairs, shape[2])}`,
    }),
  )
}

const turnOne = `fn turn(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }`

function onePair({ attributes, factor }: Rotation, pairs: number, heads: number): string {
  const width = 2 * pairs
  const [first, second] = attributes.layout === 'half' ? ['pair', `pair + ${pairs}u`] : ['2u * pair', '2u * pair + 1u']
  const scaled = factor === 1 ? '' : `${literal(factor)} * `
  return `let pair = index % ${pairs}u;
let row = index / ${pairs}u;
let p = u32(place[row / ${heads}u]);
let angle = turn(turn(angles[(p & 255u) * ${pairs}u + pair], angles[(256u + ((p >> 8u) & 255u)) * ${pairs}u + pair]),
  angles[(512u + ((p >> 16u) & 255u)) * ${pairs}u + pair]);
let v = turn(${scaled}vec2f(x[row * ${width}u + ${first}], x[row * ${width}u + ${second}]), ${attributes.inverse ? 'vec2f(angle.x, -angle.y)' : 'angle'});
y[row * ${width}u + ${first}] = v.x;
y[row * ${width}u + ${second}] = v.y;`
}

/** Four complex numbers: their real and their imaginary parts. */
const turnFour = `struct Four { re: vec4f, im: vec4f }
fn turn(a: Four, b: Four) -> Four { return Four(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re); }
fn apart(a: vec4f, b: vec4f) -> Four { return Four(vec4f(a.xz, b.xz), vec4f(a.yw, b.yw)); }
fn angleAt(row: u32, pairs: u32) -> Four { return apart(angles[row + 2u * pairs], angles[row + 2u * pairs + 1u]); }`

function fourPairs({ attributes, factor }: Rotation, pairs: number, heads: number): string {
  const half = attributes.layout === 'half'
  const fours = pairs / 4
  const [first, second] = half ? ['four', `four + ${fours}u`] : ['2u * four', '2u * four + 1u']
  const scaled = factor === 1 ? '' : `${literal(factor)} * `
  const [a, b] = [`${scaled}x[start + ${first}]`, `${scaled}x[start + ${second}]`]
  return `let four = index % ${fours}u;
let row = index / ${fours}u;
let start = row * ${2 * fours}u;
let p = u32(place[row / ${heads}u]);
let angle = turn(turn(angleAt((p & 255u) * ${pairs / 2}u, four), angleAt((256u + ((p >> 8u) & 255u)) * ${pairs / 2}u, four)),
  angleAt((512u + ((p >> 16u) & 255u)) * ${pairs / 2}u, four));
let v = turn(${half ? `Four(${a}, ${b})` : `apart(${a}, ${b})`}, ${attributes.inverse ? 'Four(angle.re, -angle.im)' : 'angle'});
y[start + ${first}] = ${half ? 'v.re' : 'vec4f(v.re.x, v.im.x, v.re.y, v.im.y)'};
y[start + ${second}] = ${half ? 'v.im' : 'vec4f(v.re.z, v.im.z, v.re.w, v.im.w)'};`
}
