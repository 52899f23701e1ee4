/** From collected nodes and initializers to the bytes of a model. */
import { type MessageInitShape, create, toBinary } from '@bufbuild/protobuf'
import { dataTypes, type OnnxType } from '../schema/data-types.js'
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  type GraphProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataLocation,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from '../schema/generated/onnx_pb.js'
import type { ExternalLayout } from './external-data.js'
import { type Attribute, type Initializer, type OnnxNode, microsoft } from './graph-writer.js'

/** Operators are those of opset 21 (ONNX 1.16, March 2024), whose files have IR version 10. */
const opset = 21
const irVersion = 10
/** Protobuf messages end at 2 GiB; what is not weights takes a part of it. */
export const maxInlineBytes = 2 ** 31 - 2 ** 26

export interface DeclaredValue {
  readonly name: string
  readonly type: OnnxType
  /** A number, or the name of a dimension. */
  readonly shape: readonly (number | string)[]
}

export interface ModelParts {
  readonly name: string
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly Initializer[]
  readonly inputs: readonly DeclaredValue[]
  readonly outputs: readonly DeclaredValue[]
  readonly metadata: Readonly<Record<string, string>>
}

export function encodeModel(parts: ModelParts, layout: ExternalLayout | null): Uint8Array {
  const graph: MessageInitShape<typeof GraphProtoSchema> = {
    name: parts.name,
    node: parts.nodes.map(nodeProto),
    initializer: parts.initializers.map((tensor) => tensorProto(tensor, layout)),
    input: parts.inputs.map(valueProto),
    output: parts.outputs.map(valueProto),
  }
  const domains = new Set(['', ...parts.nodes.map(({ domain }) => domain)])
  const message = create(ModelProtoSchema, {
    irVersion: BigInt(irVersion),
    producerName: '@retnet/onnx',
    opsetImport: [...domains].map((domain) => ({ domain, version: BigInt(domain === microsoft ? 1 : opset) })),
    metadataProps: Object.entries(parts.metadata).map(([key, value]) => ({ key, value })),
    graph,
  })
  return toBinary(ModelProtoSchema, message)
}

function nodeProto({ op, domain, inputs, outputs, attributes }: OnnxNode): MessageInitShape<typeof NodeProtoSchema> {
  return {
    name: outputs[0],
    opType: op,
    ...(domain && { domain }),
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
  }
}

function attributeProto(name: string, value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  const { INT, INTS, STRING, FLOAT } = AttributeProto_AttributeType
  if (typeof value === 'number') return { name, type: INT, i: BigInt(value) }
  if (typeof value === 'string') return { name, type: STRING, s: new TextEncoder().encode(value) }
  if ('float' in value) return { name, type: FLOAT, f: value.float }
  return { name, type: INTS, ints: value.map(BigInt) }
}

function tensorProto(
  { name, type, shape, data, weight }: Initializer,
  layout: ExternalLayout | null,
): MessageInitShape<typeof TensorProtoSchema> {
  const head = { name, dataType: dataTypes[type], dims: shape.map(BigInt) }
  if (!layout || !weight) return { ...head, rawData: data }
  const entries = Object.entries(layout.place(name, data)).map(([key, value]) => ({ key, value: String(value) }))
  return { ...head, dataLocation: TensorProto_DataLocation.EXTERNAL, externalData: entries }
}

function valueProto({ name, type, shape }: DeclaredValue): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((extent) => ({
    value:
      typeof extent === 'number'
        ? ({ case: 'dimValue', value: BigInt(extent) } as const)
        : ({ case: 'dimParam', value: extent } as const),
  }))
  return { name, type: { value: { case: 'tensorType', value: { elemType: dataTypes[type], shape: { dim } } } } }
}
