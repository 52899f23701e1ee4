/** A .onnx file of this package read back: its metadata, and its weights in the encodings that they were written with. */
import { fromBinary } from '@bufbuild/protobuf'
import { type WeightData, sizeOf } from '@retnet/core'
import { asMatrix, blockSize } from '../emit/held-weight.js'
import { OnnxFileError } from '../errors.js'
import { type OnnxType, dataTypes } from '../schema/data-types.js'
import {
  type ModelProto,
  ModelProtoSchema,
  TensorProto_DataLocation,
  type TensorProto,
} from '../schema/generated/onnx_pb.js'
import { type WeightNote, metadataKeys } from '../schema/metadata.js'

/** Bytes of the file beside the model in which weights lie. */
export type ReadExternal = (location: string, offset: number, length: number) => Promise<Uint8Array>

export interface OnnxFile {
  readonly metadata: Readonly<Record<string, string>>
  /** Names of the weights, in the order of the graph. */
  readonly weights: ReadonlyMap<string, WeightNote>
  /** Throws OnnxFileError when the file does not hold what it says. */
  readWeight(name: string): Promise<WeightData>
}

/** `name` is for messages. Throws OnnxFileError for bytes that are no model, and for models that others wrote. */
export function readOnnx(name: string, bytes: Uint8Array, readExternal: ReadExternal): OnnxFile {
  const model = parse(name, bytes)
  const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]))
  const weights = readNotes(name, metadata[metadataKeys.weights])
  const tensors = new Map(model.graph!.initializer.map((tensor) => [tensor.name, tensor]))
  const read = async (tensor: string, type: OnnxType, shape: readonly number[], bytesOfOne: number) => {
    const found = requireTensor(name, tensors.get(tensor), tensor, type, shape)
    const data = await dataOf(found, readExternal)
    const expected = sizeOf(shape) * bytesOfOne
    // a copy of its own, which begins at an address that numbers may have
    if (data.byteLength === expected) return new Uint8Array(data).buffer
    throw new OnnxFileError(name, `the weight ${tensor} has ${data.byteLength} bytes, expected ${expected}.`, again)
  }
  return {
    metadata,
    weights,
    async readWeight(weight) {
      const note = weights.get(weight)
      if (!note) throw new OnnxFileError(name, `there is no weight ${weight} in it.`)
      return readWeight(weight, note, read)
    },
  }
}

const again = 'The file is damaged: copy or export it again.'

type ReadTensor = (tensor: string, type: OnnxType, shape: readonly number[], bytesOfOne: number) => Promise<ArrayBuffer>

async function readWeight(name: string, { encoding, shape }: WeightNote, read: ReadTensor): Promise<WeightData> {
  const type = { dtype: 'f32', shape } as const
  if (encoding === 'f32') return { type, encoding, data: new Float32Array(await read(name, 'f32', shape, 4)) }
  if (encoding === 'f16') return { type, encoding, data: new Uint16Array(await read(name, 'f16', shape, 2)) }
  const [rows, columns] = asMatrix(shape)
  const blocks = Math.ceil(columns / blockSize)
  const scales = new Float32Array(await read(`${name}.scales`, 'f32', [rows, blocks], 4))
  const width = encoding === 'q4' ? blockSize / 2 : blockSize
  const packed = new Uint8Array(await read(name, 'u8', [rows, blocks, width], 1))
  const data = encoding === 'q4' ? packed : signedRows(packed, rows, columns, blocks * blockSize)
  return { type, encoding, data, scales }
}

/** Without the 128 that ONNX adds, and without the rest of short blocks. */
function signedRows(packed: Uint8Array, rows: number, columns: number, stride: number): Int8Array {
  const data = new Int8Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) data[row * columns + column] = packed[row * stride + column] - 128
  }
  return data
}

function parse(name: string, bytes: Uint8Array): ModelProto {
  try {
    const model = fromBinary(ModelProtoSchema, bytes)
    if (model.graph && model.irVersion > 0n) return model
  } catch {
    // the message below says it
  }
  throw new OnnxFileError(name, 'is no ONNX model.', 'Give a .onnx file of `retnet convert`.')
}

function readNotes(name: string, text: string | undefined): ReadonlyMap<string, WeightNote> {
  if (text === undefined) {
    const fix = 'Only models that `retnet convert` or emitOnnx() has written can be loaded.'
    throw new OnnxFileError(name, 'this ONNX model was not written by retnet: its metadata names no weights.', fix)
  }
  try {
    const notes = Object.entries(JSON.parse(text) as Record<string, WeightNote>)
    if (notes.every(([, note]) => isNote(note))) return new Map(notes)
  } catch {
    // the message below says it
  }
  throw new OnnxFileError(name, `its metadata ${metadataKeys.weights} cannot be read.`, again)
}

function isNote(note: Partial<WeightNote> | null): note is WeightNote {
  const isExtent = (extent: unknown) => Number.isSafeInteger(extent) && (extent as number) >= 0
  const known = ['f32', 'f16', 'q8', 'q4'].includes(String(note?.encoding))
  return known && Array.isArray(note?.shape) && note.shape.every(isExtent)
}

function requireTensor(
  name: string,
  tensor: TensorProto | undefined,
  wanted: string,
  type: OnnxType,
  shape: readonly number[],
): TensorProto {
  if (!tensor) throw new OnnxFileError(name, `the weight ${wanted} is missing.`, again)
  const dims = tensor.dims.map(Number)
  if (tensor.dataType === dataTypes[type] && dims.join() === shape.join()) return tensor
  const expected = `${type} [${shape.join(', ')}]`
  throw new OnnxFileError(name, `the weight ${wanted}: expected ${expected}, got [${dims.join(', ')}].`, again)
}

async function dataOf(tensor: TensorProto, readExternal: ReadExternal): Promise<Uint8Array> {
  if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) return tensor.rawData
  const entries = Object.fromEntries(tensor.externalData.map(({ key, value }) => [key, value]))
  return readExternal(entries.location ?? '', Number(entries.offset ?? 0), Number(entries.length))
}
