/** Counting positions, rotating by them, and dividing by the decay sum of a position. */
import { sizeOf } from '@retnet/core'
import { elementGroups, elementIndex, elementLanes } from '../../compile/indexing.js'
import { kernel, read, write } from '../../compile/kernel.js'
import type { LowerRules } from '../../compile/lowering.js'
import { expm1Function } from './expm1.js'
import { rotationTable } from './rotation-table.js'

export const positionKernels: LowerRules<'positions' | 'rotary' | 'decayNorm'> = {
  // reads `start` from its own slot: the compiler has copied it to `next` unless both are the same state
  positions(node, _attributes, lowering) {
    const [, mask] = node.inputs as readonly number[]
    const [each, next] = node.outputs
    const [batch, length] = lowering.type(mask).shape
    lowering.emit(
      kernel({
        name: 'positions',
        bindings: [
          read('mask_', lowering.slot(mask), 'i32'),
          write('each', lowering.slot(each), 'i32'),
          write('next', lowering.slot(next), 'i32'),
        ],
        lanes: elementLanes,
        workgroups: [elementGroups(batch)],
        body: `${elementIndex(batch)}
var count = next[index];
for (var t = 0u; t < ${length}u; t++) { each[index * ${length}u + t] = count; count += mask_[index * ${length}u + t]; }
next[index] = count;`,
      }),
    )
  },

  rotary(node, attributes, lowering) {
    const [x, place] = node.inputs as readonly number[]
    const { shape } = lowering.type(x)
    const [, , heads, width] = shape
    const pairs = width / 2
    const total = sizeOf(shape) / 2
    const [first, second] =
      attributes.layout === 'half' ? ['pair', `pair + ${pairs}u`] : ['2u * pair', '2u * pair + 1u']
    lowering.emit(
      kernel({
        name: 'rotary',
        bindings: [
          read('x', lowering.slot(x)),
          read('place', lowering.slot(place), 'i32'),
          read('angles', lowering.table(rotationTable(width, attributes)), 'vec2<f32>'),
          write('y', lowering.slot(node.outputs[0])),
        ],
        lanes: elementLanes,
        workgroups: [elementGroups(total)],
        declarations: `fn turn(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }`,
        body: `${elementIndex(total)}
let pair = index % ${pairs}u;
let row = index / ${pairs}u;
let p = u32(place[row / ${heads}u]);
let angle = turn(turn(angles[(p & 255u) * ${pairs}u + pair], angles[(256u + ((p >> 8u) & 255u)) * ${pairs}u + pair]),
  angles[(512u + ((p >> 16u) & 255u)) * ${pairs}u + pair]);
let v = turn(vec2f(x[row * ${width}u + ${first}], x[row * ${width}u + ${second}]), ${attributes.inverse ? 'vec2f(angle.x, -angle.y)' : 'angle'});
y[row * ${width}u + ${first}] = v.x;
y[row * ${width}u + ${second}] = v.y;`,
      }),
    )
  },

  decayNorm(node, { logDecay }, lowering) {
    const [x, place] = node.inputs as readonly number[]
    const { shape } = lowering.type(x)
    const [, , heads, width] = shape
    const total = sizeOf(shape)
    lowering.emit(
      kernel({
        name: 'decayNorm',
        bindings: [
          read('x', lowering.slot(x)),
          read('place', lowering.slot(place), 'i32'),
          read('rates', lowering.table(Float32Array.from(logDecay))),
          write('y', lowering.slot(node.outputs[0])),
        ],
        lanes: elementLanes,
        workgroups: [elementGroups(total)],
        declarations: expm1Function,
        body: `${elementIndex(total)}
let row = index / ${width}u;
let rate = rates[row % ${heads}u];
let count = f32(place[row / ${heads}u] + 1);
let sum = select(expm1(rate * count) / expm1(rate), count, rate == 0.0);
y[index] = x[index] * inverseSqrt(sum);`,
      }),
    )
  },
}
