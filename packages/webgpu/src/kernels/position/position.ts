/** Counting positions, rotating by them, and dividing by the decay sum of a position. */
import { sizeOf } from '@retnet/core'
import { elementGroups, elementIndex, elementLanes } from '../../compile/indexing.js'
import { kernel, read, write } from '../../compile/kernel.js'
import type { LowerRules } from '../../compile/lowering.js'
import { expm1Function } from './expm1.js'
import { emitPositions } from './positions.js'
import { emitRotary } from './rotary.js'

export const positionKernels: LowerRules<'positions' | 'rotary' | 'decayNorm'> = {
  positions: (node, _attributes, lowering) => emitPositions(node, lowering),

  rotary(node, attributes, lowering) {
    const [x, place] = node.inputs as readonly number[]
    emitRotary({ x, shape: lowering.type(x).shape, place, y: node.outputs[0], factor: 1, attributes }, lowering)
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
