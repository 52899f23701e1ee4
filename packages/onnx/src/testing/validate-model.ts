/**
 * The rules of the ONNX specification that this package could break, as code: where the official checker is not at hand, and for what
 * it does not look at. Returns what is wrong.
 */
import { fromBinary } from '@bufbuild/protobuf'
import type { OnnxModel } from '../emit/emit-graph.js'
import {
  type GraphProto,
  ModelProtoSchema,
  type NodeProto,
  TensorProto_DataLocation,
  TensorProto_DataType,
  type TensorProto,
} from '../schema/generated/onnx_pb.js'

const bytesOfOne = new Map<number, number>([
  [TensorProto_DataType.FLOAT, 4],
  [TensorProto_DataType.FLOAT16, 2],
  [TensorProto_DataType.UINT8, 1],
  [TensorProto_DataType.INT32, 4],
  [TensorProto_DataType.INT64, 8],
  [TensorProto_DataType.BOOL, 1],
])

export function validateModel({ model, externalData }: OnnxModel, domains: readonly string[]): string[] {
  const { graph, irVersion, opsetImport } = fromBinary(ModelProtoSchema, model)
  if (!graph) return ['there is no graph']
  const imported = Object.fromEntries(opsetImport.map(({ domain, version }) => [domain, Number(version)]))
  return [
    ...(irVersion === 10n && imported[''] === 21 ? [] : [`IR ${irVersion}, opset ${imported['']}`]),
    ...Object.keys(imported).flatMap((domain) => (domains.includes(domain) ? [] : [`imports ${domain}`])),
    ...graph.node.flatMap((node) => nodeProblems(node, Object.keys(imported))),
    ...orderProblems(graph),
    ...graph.initializer.flatMap((tensor) => tensorProblems(tensor, externalData?.bytes ?? 0)),
    ...overlaps(graph.initializer),
  ]
}

function nodeProblems({ name, opType, domain, attribute }: NodeProto, imported: readonly string[]): string[] {
  const problems = attribute
    .filter(({ name: each, type }) => !each || !type)
    .map(() => `${name}: an attribute lacks its type`)
  if (!imported.includes(domain)) problems.push(`${name}: the domain ${domain} is not imported`)
  if (['Loop', 'Scan', 'If'].includes(opType)) problems.push(`${name}: control flow`)
  if (!name || !opType) problems.push('a node without name or operator')
  return problems
}

/** Every name is made once, before it is read. */
function orderProblems(graph: GraphProto): string[] {
  const problems: string[] = []
  const made = new Set([''])
  const make = (name: string) => {
    if (made.has(name)) problems.push(`${name} is made twice`)
    made.add(name)
  }
  for (const { name } of [...graph.input, ...graph.initializer]) make(name)
  for (const { name, input, output } of graph.node) {
    for (const each of input) if (!made.has(each)) problems.push(`${name} reads ${each} before it is made`)
    output.forEach(make)
  }
  for (const { name } of graph.output) if (!made.has(name)) problems.push(`the output ${name} is not made`)
  const read = new Set(graph.node.flatMap(({ input }) => input))
  for (const { name } of graph.initializer) if (!read.has(name)) problems.push(`nobody reads ${name}`)
  return problems
}

function tensorProblems(tensor: TensorProto, fileBytes: number): string[] {
  const { name, dims, dataType, rawData, dataLocation } = tensor
  const expected = dims.reduce((size, extent) => size * Number(extent), bytesOfOne.get(dataType) ?? NaN)
  if (dataLocation !== TensorProto_DataLocation.EXTERNAL) {
    return rawData.byteLength === expected ? [] : [`${name}: ${rawData.byteLength} bytes for ${expected}`]
  }
  const { offset, length } = placeOf(tensor)
  const problems = length === expected ? [] : [`${name}: ${length} bytes for ${expected}`]
  if (offset % 4096 !== 0) problems.push(`${name}: begins at ${offset}, which is no page`)
  if (offset + length > fileBytes) problems.push(`${name}: ends behind the end of the file`)
  return problems
}

function overlaps(tensors: readonly TensorProto[]): string[] {
  const places = tensors
    .filter(({ dataLocation }) => dataLocation === TensorProto_DataLocation.EXTERNAL)
    .map((tensor) => ({ name: tensor.name, ...placeOf(tensor) }))
    .sort((a, b) => a.offset - b.offset)
  return places
    .filter(({ offset }, at) => at > 0 && offset < places[at - 1].offset + places[at - 1].length)
    .map(({ name }) => `${name}: overlaps the weight before it`)
}

function placeOf({ externalData }: TensorProto): { offset: number; length: number } {
  const entries = Object.fromEntries(externalData.map(({ key, value }) => [key, Number(value)]))
  return { offset: entries.offset, length: entries.length }
}
