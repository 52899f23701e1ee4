import { broadcast, concat, fill, reshape, slice, transpose } from '../ops/structure.js'
import type { Value } from '../graph/builder.js'
import { sumTo } from './sum-to.js'
import type { Vjps } from './vjp-table.js'

type StructureOp = 'reshape' | 'transpose' | 'slice' | 'concat' | 'broadcast' | 'cast' | 'fill' | 'constant' | 'sum'

export const structureVjps: Vjps<StructureOp> = {
  reshape: ({ operands: [x], gradients: [dy] }) => [reshape(dy!, x!.type.shape)],
  transpose({ attributes: { permutation }, gradients: [dy] }) {
    return [
      transpose(
        dy!,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
    ]
  },
  slice({ operands: [x], attributes: { starts }, gradients: [dy] }) {
    return [starts.reduce((padded, start, axis) => pad(padded, axis, start, x!.type.shape[axis]), dy!)]
  },
  concat({ operands, attributes: { axis }, gradients: [dy] }) {
    let start = 0
    return operands.map((part) => {
      const starts = part!.type.shape.map((_, a) => (a === axis ? start : 0))
      start += part!.type.shape[axis]
      return slice(dy!, starts, part!.type.shape)
    })
  },
  broadcast: ({ operands: [x], gradients: [dy] }) => [sumTo(dy!, x!.type.shape)],
  sum: ({ operands: [x], gradients: [dy] }) => [broadcast(dy!, x!.type.shape)],
  cast: () => [null],
  fill: () => [],
  constant: () => [],
}

/** x with zeros around it on one axis: it begins at `start` of `extent`. */
function pad(x: Value, axis: number, start: number, extent: number): Value {
  const zeros = (count: number) =>
    fill(
      x.builder,
      x.type.shape.map((size, a) => (a === axis ? count : size)),
      0,
    )
  const after = extent - start - x.type.shape[axis]
  return concat([...(start ? [zeros(start)] : []), x, ...(after ? [zeros(after)] : [])], axis)
}
