/** Matrix products and table look-ups: picks the kernel by shape and by the encoding of the weight. */
import { type GraphNode, type ValueId, weightBlockSize, sameShape } from '@retnet/core'
import { Opcode } from '../opcode.js'
import type { Lowering } from '../plan/lowering.js'
import type { Place } from '../plan/record.js'
import type { WeightLayout } from '../weight.js'
import type { LowerRules } from './rules.js'
import { moved } from './structure.js'

/** Rows of x up to which streaming the weight once beats packing it (measured). */
export const gemvRows = 8
/** Columns of a part of a large product. */
const widePart = 128
const encodings = { f32: 0, f16: 1, q8: 2, q4: 3 } as const

interface Operand {
  readonly place: Place
  readonly layout: Pick<WeightLayout, 'encoding' | 'rowStride' | 'scales' | 'scaleStride'>
}

function matrixShape(l: Lowering, value: ValueId): [rows: number, columns: number] {
  const columns = l.shape(value).at(-1) ?? 1
  return [columns === 0 ? 0 : l.size(value) / columns, columns]
}

/** The right operand: a packed weight as it is where a kernel reads its rows, else float32. */
function rightOperand(l: Lowering, value: ValueId, byRows: boolean): Operand {
  const layout = l.weight(value)?.layout
  if (layout && byRows && layout.encoding !== 'f32') {
    return {
      place: { buffer: { kind: 'fixed', at: layout.address, bytes: layout.bytes }, offset: 0 },
      layout,
    }
  }
  const [, columns] = matrixShape(l, value)
  return { place: l.place(value), layout: { encoding: 'f32', rowStride: columns, scales: 0, scaleStride: 0 } }
}

/** The matmul of a sum, if nothing else reads its result and the other operand has the same shape. */
function fusableMatmul(l: Lowering, product: ValueId, other: ValueId, out: ValueId): GraphNode<'matmul'> | null {
  const maker = l.onlyUse(product)
  if (maker?.op !== 'matmul' || product === other || maker.inputs.some((value) => l.size(value!) === 0)) return null
  const fits = sameShape(l.shape(product), l.shape(out)) && sameShape(l.shape(other), l.shape(out))
  return fits ? maker : null
}

function fusedAdd(l: Lowering, a: ValueId, b: ValueId, out: ValueId): [GraphNode<'matmul'>, ValueId] | null {
  const right = fusableMatmul(l, b, a, out)
  if (right) return [right, a]
  const left = fusableMatmul(l, a, b, out)
  return left ? [left, b] : null
}

/** x + matmul as one kernel; false where that cannot be. */
export function addToMatmul(l: Lowering, a: ValueId, b: ValueId, out: ValueId): boolean {
  const fused = fusedAdd(l, a, b, out)
  if (fused) lowerMatmul(l, fused[0], out, fused[1])
  return fused !== null
}

/** True for a matmul that the sum which reads it computes. */
export function isFusedMatmul(l: Lowering, node: GraphNode, reader: GraphNode | undefined): boolean {
  if (node.op !== 'matmul' || reader?.op !== 'add') return false
  return fusedAdd(l, reader.inputs[0]!, reader.inputs[1]!, reader.outputs[0])?.[0] === node
}

function lowerMatmul(l: Lowering, node: GraphNode<'matmul'>, out: ValueId, residual: ValueId | null): void {
  const [a, b] = [node.inputs[0]!, node.inputs[1]!]
  const { transposeA, transposeB } = node.attributes
  const [rowsA, columnsA] = matrixShape(l, a)
  const [rowsB, columnsB] = matrixShape(l, b)
  const [rows, depth] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA]
  const columns = transposeB ? rowsB : columnsB
  const left = l.place(a)
  const right = rightOperand(l, b, transposeB)
  const source = residual === null ? null : l.place(residual)
  const target = l.define(out)
  const { encoding, rowStride, scales, scaleStride } = right.layout
  const code = encodings[encoding]
  const name = `${encoding}${residual === null ? '' : '+add'}`
  const detail = {
    reads: [left, right.place, source],
    writes: [target],
    inPlace: [[target, source]] as const,
    work: rows * columns * depth,
  }
  if (transposeB && !transposeA && rows <= gemvRows) {
    const rounded = encoding === 'q8' ? words(l, a, rows, depth) : encoding === 'q4' ? bytes(l, a, rows, depth) : null
    const [x, xScales, xSums] = rounded ?? [left, null, null]
    const shape = [rows, columns, depth]
    const weight = [right.place, code, rowStride, scales, scaleStride]
    const record = [...shape, x, ...weight, source, target, xScales, xSums]
    // Four widened rows of halves, or one raised row of x.
    const scratch = 4 * depth * 4 + 64
    return l.emit(Opcode.Gemv, `gemv.${name}`, record, { ...detail, reads: [x, xScales, right.place, source], scratch })
  }
  const stridesA = transposeA ? [1, columnsA] : [columnsA, 1]
  const stridesB = transposeB ? [rowStride, 1] : [1, columnsB]
  l.emit(
    Opcode.Gemm,
    `gemm.${name}`,
    [
      1,
      rows,
      columns,
      depth,
      left,
      ...stridesA,
      0,
      right.place,
      ...stridesB,
      0,
      code,
      scales,
      scaleStride,
      source,
      target,
    ],
    { ...detail, units: gemmUnits(rows, columns, l.engine.threads), scratch: l.engine.gemmScratch },
  )
}

/** Each part packs its rows of A again, so a part must be wide (or tall) enough to pay for that. */
function gemmUnits(rows: number, columns: number, threads: number): number {
  return Math.max(threads, Math.floor(Math.max(rows, columns) / widePart))
}

type Rounded = readonly [x: Place, scales: Place, sums: Place | null]

/** x as int16 in blocks with a scale each, once for all products that read it. */
function words(l: Lowering, x: ValueId, rows: number, depth: number): Rounded {
  const blocks = rows * Math.ceil(depth / weightBlockSize)
  const floats = (blocks * weightBlockSize) / 2
  const place = l.shared(`words of ${x}`, () => {
    const [source, target] = [l.place(x), l.temporary((floats + blocks) * 4)]
    emitQuantize(l, Opcode.Quantize, [rows, depth, source, target, moved(target, floats)])
    return target
  })
  return [place, moved(place, floats), null]
}

/** x as int8 in blocks with a scale and a sum each. */
function bytes(l: Lowering, x: ValueId, rows: number, depth: number): Rounded {
  const blocks = rows * Math.ceil(depth / weightBlockSize)
  const floats = (blocks * weightBlockSize) / 4
  const place = l.shared(`bytes of ${x}`, () => {
    const [source, target] = [l.place(x), l.temporary((floats + 2 * blocks) * 4)]
    const sums = moved(target, floats + blocks)
    emitQuantize(l, Opcode.QuantizeBytes, [rows, depth, source, target, moved(target, floats), sums])
    return target
  })
  return [place, moved(place, floats), moved(place, floats + blocks)]
}

function emitQuantize(l: Lowering, opcode: Opcode, record: readonly [number, number, Place, Place, ...Place[]]): void {
  const [rows, depth, source, target] = record
  l.emit(opcode, 'quantize', record, { reads: [source], writes: [target], work: rows * depth, units: rows })
}

function lowerBatchMatmul(l: Lowering, node: GraphNode<'batchMatmul'>): void {
  const { inputs, outputs, attributes } = node
  const [left, right] = [l.place(inputs[0]!), l.place(inputs[1]!)]
  const target = l.define(outputs[0])
  const [rows, columns] = l.shape(outputs[0]).slice(-2)
  const [rowsA, columnsA] = l.shape(inputs[0]!).slice(-2)
  const [rowsB, columnsB] = l.shape(inputs[1]!).slice(-2)
  const batch = l.size(outputs[0]) / (rows * columns)
  const depth = attributes.transposeA ? rowsA : columnsA
  const stridesA = attributes.transposeA ? [1, columnsA] : [columnsA, 1]
  const stridesB = attributes.transposeB ? [columnsB, 1] : [1, columnsB]
  l.emit(
    Opcode.Gemm,
    'gemm.batch',
    [
      batch,
      rows,
      columns,
      depth,
      left,
      ...stridesA,
      rowsA * columnsA,
      right,
      ...stridesB,
      rowsB * columnsB,
      0,
      0,
      0,
      0,
      target,
    ],
    { reads: [left, right], writes: [target], work: batch * rows * columns * depth, scratch: l.engine.gemmScratch },
  )
}

export const contractionRules: LowerRules<'matmul' | 'batchMatmul' | 'embed' | 'scatterAdd'> = {
  matmul: (l, node) => lowerMatmul(l, node, node.outputs[0], null),
  batchMatmul: lowerBatchMatmul,
  embed(l, { inputs: [table, ids], outputs: [out] }) {
    const { place, layout } = rightOperand(l, table!, true)
    const [vocabulary, width] = l.shape(table!)
    const source = l.place(ids!)
    const target = l.define(out)
    const count = l.size(ids!)
    const { encoding, rowStride, scales, scaleStride } = layout
    l.emit(
      Opcode.Embed,
      `embed.${encoding}`,
      [count, width, vocabulary, place, source, target, encodings[encoding], rowStride, scales, scaleStride],
      { reads: [place, source], writes: [target], work: count * width },
    )
  },
  scatterAdd(l, { inputs: [values, ids], outputs: [out], attributes: { rows } }) {
    const width = l.shape(out)[1]
    const [from, at] = [l.place(values!), l.place(ids!)]
    const target = l.define(out)
    const count = l.size(ids!)
    l.emit(Opcode.ScatterAdd, 'scatterAdd', [count, width, rows, from, at, target], {
      reads: [from, at],
      writes: [target],
      work: (count + rows) * width,
    })
  },
}
