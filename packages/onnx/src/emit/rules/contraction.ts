import type { GraphNode } from '@retnet/core'
import type { EmitRules, Emitter } from '../emitter.js'
import { type Name, microsoft } from '../graph-writer.js'
import { asMatrix, blockSize } from '../held-weight.js'
import { operand, packedWeight, plainWeight, unpack, widened } from '../weights.js'

export const contractionRules: EmitRules<'matmul' | 'batchMatmul' | 'embed' | 'scatterAdd'> = {
  matmul(e, node) {
    const [a, b] = node.inputs
    const linear = !node.attributes.transposeA && node.attributes.transposeB && e.shapeOf(b!).length === 2
    return [(linear && e.weightOf(b!) && linearLayer(e, a!, b!)) || general(e, node)]
  },
  batchMatmul(e, { inputs: [a, b], attributes: { transposeA, transposeB } }) {
    const turned = (value: number, transpose: boolean) => {
      const axes = e.shapeOf(value).map((_, axis) => axis)
      const last = axes.length - 1
      return transpose ? e.transpose(operand(e, value), [...axes.slice(0, -2), last, last - 1]) : operand(e, value)
    }
    return [e.node('MatMul', [turned(a!, transposeA), turned(b!, transposeB)])]
  },
  embed(e, { inputs: [table, ids] }) {
    const rows = (from: Name) => e.node('Gather', [from, e.name(ids!)], { axis: 0 })
    const packed = packedWeight(e, table!)
    if (packed) return [unpack(e, packed, rows(packed.data), rows(packed.scales), e.shapeOf(ids!))]
    const plain = plainWeight(e, table!)
    return [plain ? widened(e, e.weightOf(table!)!.weight, rows(plain)) : rows(e.name(table!))]
  },
  scatterAdd(e, { inputs: [values, ids], outputs: [y] }) {
    const [rows, width] = asMatrix(e.shapeOf(values!))
    const zeros = e.node('Expand', [e.writer.floats([0]), e.extents.runtime(e.writer, e.shapeOf(y))])
    const index = e.node('Cast', [e.reshape(e.name(ids!), e.shapeOf(ids!), [rows, 1])], { to: 7 })
    const updates = e.reshape(operand(e, values!), e.shapeOf(values!), [rows, width])
    return [e.node('ScatterND', [zeros, index, updates], { reduction: 'add' })]
  },
}

/** x [..., K] by a weight [N, K] transposed; null where x has no leading axis. */
function linearLayer(e: Emitter, x: number, weight: number): Name | null {
  const shape = e.shapeOf(x)
  if (shape.length < 2) return null
  const packed = e.settings.operators === 'microsoft' ? packedWeight(e, weight) : null
  if (packed) {
    const { bits, rows: N, columns: K, data, scales } = packed
    const attributes = { K, N, bits, block_size: blockSize, accuracy_level: e.settings.accuracyLevel }
    const inputs = [e.name(x), data, scales]
    return e.custom('MatMulNBits', inputs, 1, { domain: microsoft, attributes })[0]
  }
  const plain = plainWeight(e, weight)
  if (!plain) return e.node('MatMul', [operand(e, x), e.transpose(operand(e, weight), [1, 0])])
  const turned = widened(e, e.weightOf(weight)!.weight, e.transpose(plain, [1, 0]))
  return e.node('MatMul', [operand(e, x), turned])
}

/** Both operands as matrices, each of them transposed or not. */
function general(e: Emitter, { inputs: [a, b], outputs: [y], attributes }: GraphNode<'matmul'>): Name {
  const matrix = (value: number) => e.reshape(operand(e, value), e.shapeOf(value), asMatrix(e.shapeOf(value)))
  const { transposeA, transposeB } = attributes
  const product = e.node('Gemm', [matrix(a!), matrix(b!)], { transA: Number(transposeA), transB: Number(transposeB) })
  return e.reshape(product, asMatrix(e.shapeOf(y)), e.shapeOf(y))
}
