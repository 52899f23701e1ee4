/** Rounds a matrix to halves in memory of its own, once for all products that read it. */
import { elementGroups, elementIndex, elementLanes } from '../../compile/indexing.js'
import { kernel, type Slot, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { matrixOperand } from './operand.js'

/** `halves(vec4f) -> vec2<u32>`: what f16 cannot hold becomes its largest number, NaN stays NaN. */
export const halvesText = `fn halves(v: vec4f) -> vec2<u32> {
  let nan = (bitcast<vec4<u32>>(v) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
  let safe = select(clamp(v, vec4f(-65504.0), vec4f(65504.0)), v, nan);
  return vec2<u32>(pack2x16float(safe.xy), pack2x16float(safe.zw));
}`

export interface HalfMatrix {
  readonly slot: Slot // vec4<u32> [rows, columns / 8]
  /** A multiple of 32; numbers past the matrix are zero. */
  readonly columns: number
}

const known = new WeakMap<Lowering, Map<string, HalfMatrix>>()

/** The matrix [rows, columns] of an activation as halves. */
export function halfMatrix(lowering: Lowering, value: number, rows: number, columns: number): HalfMatrix {
  const made = halvesOf(lowering)
  const key = keyOf(lowering, value, columns)
  const matrix = made.get(key) ?? emitHalves(lowering, value, rows, columns)
  made.set(key, matrix)
  return matrix
}

/** Memory for the halves of a matrix that another kernel writes: products find them there. `columns` is a multiple of 32. */
export function placeHalves(lowering: Lowering, value: number, rows: number, columns: number): Slot {
  const slot = lowering.scratch(rows * columns * 2)
  halvesOf(lowering).set(keyOf(lowering, value, columns), { slot, columns })
  return slot
}

function halvesOf(lowering: Lowering): Map<string, HalfMatrix> {
  const ofLowering = known.get(lowering) ?? new Map<string, HalfMatrix>()
  known.set(lowering, ofLowering)
  return ofLowering
}

function keyOf(lowering: Lowering, value: number, columns: number): string {
  return `${JSON.stringify(lowering.slot(value))} ${columns}`
}

function emitHalves(lowering: Lowering, value: number, rows: number, columns: number): HalfMatrix {
  const padded = Math.ceil(columns / 32) * 32
  const slot = lowering.scratch(rows * padded * 2)
  const x = matrixOperand(lowering, 'x', value, { outer: rows, inner: columns, along: 'inner' })
  const total = (rows * padded) / 8
  lowering.emit(
    kernel({
      name: 'matmul.halves',
      bindings: [...x.bindings, write('y', slot, 'vec4<u32>')],
      lanes: elementLanes,
      workgroups: [elementGroups(total)],
      declarations: `${x.declarations}\n${halvesText}`,
      body: `${elementIndex(total)}
let layer = 0u;
let row = index / ${padded / 8}u;
let column = index % ${padded / 8}u * 8u;
y[index] = vec4<u32>(halves(${x.operand.at('row', 'column')}), halves(${x.operand.at('row', '(column + 4u)')}));`,
    }),
  )
  return { slot, columns: padded }
}
