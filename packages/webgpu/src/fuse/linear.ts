/** Finds a linear layer, a product with a weight and perhaps a bias, in the form that the kernels for few rows take. */
import { type GraphNode, type WeightEncoding, sizeOf } from '@retnet/core'
import type { Linear } from '../kernels/decode/product.js'
import { weightChunks } from '../kernels/decode/weight-chunks.js'
import { offersMatrices } from '../kernels/matmul/matrix-tile.js'
import { suitsMatrixProduct } from '../kernels/rows/matrix-product.js'
import type { Lowering } from '../compile/lowering.js'
import type { Scene } from './peephole.js'

/** More rows are the work of tiled kernels, which begin earlier where there are matrices. */
const maxRows = 32
const maxRowsBesideMatrices = 8

export interface FoundLinear {
  readonly nodes: readonly GraphNode[]
  readonly product: GraphNode<'matmul'>
  readonly linear: Linear
  readonly x: number
  readonly output: number
  readonly rows: number
  readonly inner: number
  readonly columns: number
  readonly encoding: WeightEncoding
}

/** The linear layer that begins with this product, its bias included. */
export function linearFrom(node: GraphNode, scene: Scene): FoundLinear | null {
  const found = withoutBias(node, scene)
  const add = found && scene.view.onlyReader(found.output, 'add')
  const bias = add && add.inputs.find((value) => isBias(value!, found.columns, scene))
  if (!found || !add || bias == null || !scene.isFree(add)) return found
  return { ...found, nodes: [...found.nodes, add], linear: { ...found.linear, bias }, output: add.outputs[0] }
}

/** The linear layer whose result is `value`, if only `reader` sees it. */
export function linearInto(value: number | null, reader: GraphNode, scene: Scene): FoundLinear | null {
  const product = scene.view.onlyFrom(value, reader, 'matmul')
  if (product) return withoutBias(product, scene)
  const add = scene.view.onlyFrom(value, reader, 'add')
  const from = add?.inputs.map((operand) => scene.view.onlyFrom(operand, add, 'matmul')).find((maker) => maker !== null)
  const found = from ? linearFrom(from, scene) : null
  return found && found.nodes.includes(add!) ? found : null
}

function withoutBias(node: GraphNode, { view, lowering, isFree }: Scene): FoundLinear | null {
  if (node.op !== 'matmul' || !isFree(node) || node.attributes.transposeA || !node.attributes.transposeB) return null
  const [x, weight] = node.inputs as readonly number[]
  const encoding = lowering.encoding(weight)
  if (encoding === null || !view.isParameter(weight) || view.isParameter(x)) return null
  const { shape } = view.type(weight)
  const [columns, inner] = shape
  const rows = sizeOf(view.type(x).shape) / inner
  if (
    shape.length !== 2 ||
    columns === 0 ||
    lowering.pieces(weight).length > 1 ||
    inner === 0 ||
    rows < 1 ||
    !(suitsMatrixProduct({ rows, inner, columns, encoding }, lowering) || suitsFewRows(rows, inner, encoding, lowering))
  )
    return null
  return {
    nodes: [node],
    product: node,
    linear: { weight, bias: null },
    x,
    output: node.outputs[0],
    rows,
    inner,
    columns,
    encoding,
  }
}

function suitsFewRows(rows: number, inner: number, encoding: WeightEncoding, { profile }: Lowering): boolean {
  const most = offersMatrices(profile) && encoding !== 'f32' ? maxRowsBesideMatrices : maxRows
  return rows <= most && weightChunks(encoding, inner, 4) !== null
}

function isBias(value: number, columns: number, { view }: Scene): boolean {
  const { shape } = view.type(value)
  return view.isParameter(value) && shape.length === 1 && shape[0] === columns
}
