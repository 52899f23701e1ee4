/**
 * The weights of a file by the names they would have unquantised. A quantised `NAME.weight` lies in the file as
 * q4: `NAME.weight_packed` I32 [rows, blocks * 4], the earliest element in the lowest bits, and
 * q8: `NAME.weight` I8 [rows, columns], each with `NAME.weight_scale` F32 [rows, blocks]; q4 also with `NAME.weight_shape` I64 [2].
 * Rows of q4 are padded to whole blocks.
 */
import { type WeightData, weightBlockSize } from '@retnet/core'
import { SafetensorsError } from '../errors.js'
import type { TensorFile, TensorInfo } from '../safetensors/tensor-file.js'
import type { ReadOptions } from '../sources/byte-source.js'
import type { Quantization } from './quantization-config.js'

/** A weight as it is stored; `shape` is that of the unquantised tensor, with the columns of q4 rounded up to whole blocks. */
export interface StoredTensor extends TensorInfo {
  /** Absent for plain numbers. */
  readonly packed?: PackedParts
}

export interface PackedParts {
  readonly encoding: Quantization
  readonly data: TensorInfo
  readonly scales: TensorInfo
}

export type StoredTensors = ReadonlyMap<string, StoredTensor>

const valuesPerWord = 8

export function storedTensors(file: TensorFile, quantization: Quantization | null): StoredTensors {
  if (quantization === null) return file.tensors
  const stored = new Map<string, StoredTensor>()
  for (const info of file.tensors.values()) {
    const scaled = /^(.*)\.weight(_packed)?$/.exec(info.name)
    const scales = scaled ? file.tensors.get(`${scaled[1]}.weight_scale`) : undefined
    if (scaled && scales) stored.set(`${scaled[1]}.weight`, packedTensor(`${scaled[1]}.weight`, info, scales))
    else if (!isCompanion(info.name, file.tensors)) stored.set(info.name, info)
  }
  return stored
}

/** Scales and shapes are read with the tensor that they belong to. */
function isCompanion(name: string, tensors: TensorFile['tensors']): boolean {
  const match = /^(.*)\.weight_(scale|shape)$/.exec(name)
  return match !== null && (tensors.has(`${match[1]}.weight_packed`) || tensors.has(`${match[1]}.weight`))
}

function packedTensor(name: string, data: TensorInfo, scales: TensorInfo): StoredTensor {
  const encoding = data.name === name ? 'q8' : 'q4'
  requireForm(data, encoding === 'q8' ? 'I8' : 'I32')
  requireForm(scales, 'F32')
  const [rows, count] = data.shape
  const columns = encoding === 'q8' ? count : count * valuesPerWord
  const blocks = Math.ceil(columns / weightBlockSize)
  if (
    scales.shape[0] !== rows ||
    scales.shape[1] !== blocks ||
    (encoding === 'q4' && columns % weightBlockSize !== 0)
  ) {
    const message = `expected [${rows}, ${blocks}] scales for ${data.name} [${data.shape.join(', ')}], got [${scales.shape.join(', ')}].`
    throw new SafetensorsError({ file: scales.file, tensor: scales.name, problem: 'shape', message })
  }
  return { ...data, name, shape: [rows, columns], bytes: data.bytes + scales.bytes, packed: { encoding, data, scales } }
}

function requireForm(info: TensorInfo, dtype: TensorInfo['dtype']): void {
  if (info.dtype === dtype && info.shape.length === 2) return
  const actual = `${info.dtype} [${info.shape.join(', ')}]`
  const message = `expected ${dtype} [rows, ...] of a quantised weight, got ${actual}.`
  throw new SafetensorsError({ file: info.file, tensor: info.name, problem: 'dtype', message })
}

/** The packed numbers and scales of the rows from `start` on, as the weight of this shape, and all bytes that were read. */
export async function readPacked(
  file: TensorFile,
  { encoding, data: dataInfo, scales: scalesInfo }: PackedParts,
  shape: readonly number[],
  start: number,
  options: ReadOptions,
): Promise<{ weight: WeightData; bytes: readonly Uint8Array<ArrayBuffer>[] }> {
  const data = await file.read(dataInfo.name, options)
  const scales = await file.read(scalesInfo.name, options)
  const rows = shape[0]
  const part = <T extends Uint8Array | Float32Array>(values: T, rowLength: number) =>
    values.subarray(start * rowLength, (start + rows) * rowLength) as T
  const numbers = part(data, data.length / dataInfo.shape[0])
  const weight = {
    type: { dtype: 'f32', shape },
    encoding,
    data: encoding === 'q4' ? numbers : new Int8Array(numbers.buffer, numbers.byteOffset, numbers.length),
    scales: part(new Float32Array(scales.buffer, scales.byteOffset, scales.length / 4), scalesInfo.shape[1]),
  } as const
  return { weight, bytes: [data, scales] }
}
