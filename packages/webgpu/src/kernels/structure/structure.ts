/** Moving numbers: every result element looks up its source by index arithmetic. Reshape moves nothing. */
import { sizeOf } from '@retnet/core'
import {
  broadcastOffset,
  elementGroups,
  elementIndex,
  elementLanes,
  literal,
  splitIndex,
  stridesOf,
} from '../../compile/indexing.js'
import { kernel, read, type Slot, write } from '../../compile/kernel.js'
import type { Lowering, LowerRules } from '../../compile/lowering.js'

type StructureOp = 'transpose' | 'slice' | 'concat' | 'broadcast' | 'cast' | 'fill' | 'constant'

export const structureKernels: LowerRules<StructureOp> = {
  transpose(node, { permutation }, lowering) {
    const strides = stridesOf(lowering.type(node.inputs[0]!).shape)
    gather(
      node.op,
      node.inputs[0]!,
      node.outputs[0],
      lowering,
      sumTerms(permutation.map((axis, i) => `i${i} * ${strides[axis]}u`)),
    )
  },
  slice(node, { starts }, lowering) {
    const strides = stridesOf(lowering.type(node.inputs[0]!).shape)
    gather(
      node.op,
      node.inputs[0]!,
      node.outputs[0],
      lowering,
      sumTerms(starts.map((start, i) => `(i${i} + ${start}u) * ${strides[i]}u`)),
    )
  },
  broadcast(node, _attributes, lowering) {
    const [x, y] = [node.inputs[0]!, node.outputs[0]]
    gather(node.op, x, y, lowering, broadcastOffset(lowering.type(x).shape, lowering.type(y).shape))
  },
  concat(node, { axis }, lowering) {
    const strides = stridesOf(lowering.type(node.outputs[0]).shape)
    let start = 0
    for (const part of node.inputs as readonly number[]) {
      const { shape, dtype } = lowering.type(part)
      const total = sizeOf(shape)
      const target = sumTerms(shape.map((_, i) => `(i${i} + ${i === axis ? start : 0}u) * ${strides[i]}u`))
      start += shape[axis]
      if (total === 0) continue
      lowering.emit(
        kernel({
          name: node.op,
          bindings: [read('x', lowering.slot(part), dtype), write('y', lowering.slot(node.outputs[0]), dtype)],
          lanes: elementLanes,
          workgroups: [elementGroups(total)],
          body: `${elementIndex(total)}\n${splitIndex(shape)}\ny[${target}] = x[index];`,
        }),
      )
    }
  },
  cast(node, _attributes, lowering) {
    const total = sizeOf(lowering.type(node.outputs[0]).shape)
    lowering.emit(
      kernel({
        name: node.op,
        bindings: [read('x', lowering.slot(node.inputs[0]!), 'i32'), write('y', lowering.slot(node.outputs[0]))],
        lanes: elementLanes,
        workgroups: [elementGroups(total)],
        body: `${elementIndex(total)}\ny[index] = f32(x[index]);`,
      }),
    )
  },
  fill(node, { value, shape }, lowering) {
    emitFill(lowering, lowering.slot(node.outputs[0]), sizeOf(shape), value)
  },
  constant(node, { values }, lowering) {
    emitCopy(lowering, lowering.table(Float32Array.from(values)), lowering.slot(node.outputs[0]), values.length, 'f32')
  },
}

export function emitFill(lowering: Lowering, slot: Slot, total: number, value: number): void {
  lowering.emit(
    kernel({
      name: 'fill',
      bindings: [write('y', slot)],
      lanes: elementLanes,
      workgroups: [elementGroups(total)],
      body: `${elementIndex(total)}\ny[index] = ${literal(value)};`,
    }),
  )
}

export function emitCopy(lowering: Lowering, from: Slot, to: Slot, total: number, element: string): void {
  lowering.emit(
    kernel({
      name: 'copy',
      bindings: [read('x', from, element), write('y', to, element)],
      lanes: elementLanes,
      workgroups: [elementGroups(total)],
      body: `${elementIndex(total)}\ny[index] = x[index];`,
    }),
  )
}

function gather(name: string, x: number, y: number, lowering: Lowering, offset: string): void {
  const { shape, dtype } = lowering.type(y)
  const total = sizeOf(shape)
  lowering.emit(
    kernel({
      name,
      bindings: [read('x', lowering.slot(x), dtype), write('y', lowering.slot(y), dtype)],
      lanes: elementLanes,
      workgroups: [elementGroups(total)],
      body: `${elementIndex(total)}\n${splitIndex(shape)}\ny[index] = x[${offset}];`,
    }),
  )
}

function sumTerms(terms: readonly string[]): string {
  return terms.join(' + ') || '0u'
}
