/** Between a state in halves and f32, for ops other than retention, which reads and writes halves itself. */
import { elementGroups, elementIndex, elementLanes } from '../../compile/indexing.js'
import { type Slot, kernel, read, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { stateText } from './state-text.js'

const { element, declarations, load, store } = stateText(true, 'f32')

/** A copy in f32 of `total` numbers. */
export function emitFromHalves(lowering: Lowering, state: Slot, total: number): Slot {
  const target = lowering.scratch(total * 4)
  const bindings = [read('state', state, element), write('y', target, 'vec4<f32>')]
  convert(lowering, 'state.numbers', bindings, total, `y[index] = ${load('index')};`)
  return target
}

export function emitToHalves(lowering: Lowering, source: Slot, state: Slot, total: number): void {
  const bindings = [read('x', source, 'vec4<f32>'), write('state', state, element)]
  convert(lowering, 'state.halves', bindings, total, store('index', 'x[index]'))
}

function convert(
  lowering: Lowering,
  name: string,
  bindings: Parameters<typeof kernel>[0]['bindings'],
  total: number,
  line: string,
): void {
  lowering.emit(
    kernel({
      name,
      bindings,
      lanes: elementLanes,
      workgroups: [elementGroups(total / 4)],
      declarations,
      body: `${elementIndex(total / 4)}\n${line}`,
    }),
  )
}
