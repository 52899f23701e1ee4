/** Table look-up and its gradient. */
import { sizeOf } from '@retnet/core'
import { elementGroups, elementIndex, elementLanes } from '../../compile/indexing.js'
import { kernel, read, write } from '../../compile/kernel.js'
import { type LowerRules, lowerPiece } from '../../compile/lowering.js'
import { matrixLoader } from '../matmul/weight-loader.js'
import { emitFill } from '../structure/structure.js'

export const embedKernels: LowerRules<'embed' | 'scatterAdd'> = {
  embed(node, _attributes, lowering) {
    const [table, ids] = node.inputs as readonly number[]
    const width = lowering.type(table).shape[1]
    const total = sizeOf(lowering.type(node.outputs[0]).shape)
    const pieces = lowering.pieces(table)
    for (const piece of pieces) {
      const whole = pieces.length === 1
      const loader = matrixLoader(whole ? lowering : lowerPiece(lowering, table, piece), 'table', table, width)
      const inside = `let row = u32(ids[index / ${width}u]) - ${piece.first}u;\nif (row >= ${piece.rows}u) { return; }\n`
      lowering.emit(
        kernel({
          name: 'embed',
          bindings: [
            ...loader.bindings,
            read('ids', lowering.slot(ids), 'i32'),
            write('y', lowering.slot(node.outputs[0])),
          ],
          lanes: elementLanes,
          workgroups: [elementGroups(total)],
          declarations: loader.declarations,
          body: `${elementIndex(total)}\n${whole ? '' : inside}y[index] = tableAt(${whole ? `u32(ids[index / ${width}u])` : 'row'}, index % ${width}u);`,
        }),
      )
    }
  },

  // the first token of each id gathers all others of that id: deterministic, and no atomics on floats are needed
  scatterAdd(node, { rows }, lowering) {
    const [values, ids] = node.inputs as readonly number[]
    const count = sizeOf(lowering.type(ids).shape)
    const width = lowering.type(node.outputs[0]).shape[1]
    emitFill(lowering, lowering.slot(node.outputs[0]), rows * width, 0)
    const total = count * width
    lowering.emit(
      kernel({
        name: 'scatterAdd',
        bindings: [
          read('values', lowering.slot(values)),
          read('ids', lowering.slot(ids), 'i32'),
          write('y', lowering.slot(node.outputs[0])),
        ],
        lanes: elementLanes,
        workgroups: [elementGroups(total)],
        body: `${elementIndex(total)}
let token = index / ${width}u;
let column = index % ${width}u;
let id = ids[token];
for (var i = 0u; i < token; i++) { if (ids[i] == id) { return; } }
var sum = 0.0;
for (var i = token; i < ${count}u; i++) { if (ids[i] == id) { sum += values[i * ${width}u + column]; } }
y[u32(id) * ${width}u + column] = sum;`,
      }),
    )
  },
}
