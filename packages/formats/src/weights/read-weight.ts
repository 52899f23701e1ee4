/** Reads one weight of a plan and gives it in the encoding that is asked for. */
import { type WeightData, type WeightEncoding, decodeWeight, isQuantized } from '@retnet/core'
import { SafetensorsError } from '../errors.js'
import type { Quantization } from '../quantized/quantization-config.js'
import { readPacked } from '../quantized/stored-tensors.js'
import { type TensorFile, type TensorInfo, toFloat32 } from '../safetensors/tensor-file.js'
import type { ReadOptions } from '../sources/byte-source.js'
import { chooseEncoding } from './choose-encoding.js'
import { encodeValues } from './encode-values.js'
import type { PlannedWeight } from './plan-weights.js'

export interface ReadWeight {
  readonly weight: WeightData
  /** As stored, of all rows of the tensor. */
  readonly bytes: readonly Uint8Array<ArrayBuffer>[]
}

/**
 * The encoding in which a weight is held. A quantised checkpoint that is asked for as it was saved is not touched: what it holds in more bits
 * stays so.
 */
export function heldEncoding(
  { name, shape, info }: PlannedWeight,
  dtype: WeightEncoding,
  quantization: Quantization | null,
): WeightEncoding {
  if (dtype !== quantization || shape.length < 2) return chooseEncoding(name, shape, dtype)
  return info.packed?.encoding ?? (info.dtype === 'F16' ? 'f16' : 'f32')
}

export async function readWeight(
  tensors: TensorFile,
  planned: PlannedWeight,
  encoding: WeightEncoding,
  options: ReadOptions,
): Promise<ReadWeight> {
  const { shape, info, location } = planned
  const start = location.rows?.start ?? 0
  if (info.packed) {
    const read = await readPacked(tensors, info.packed, shape, start, options)
    if (read.weight.encoding === encoding) return read
    const values = Float32Array.from(decodeWeight(read.weight))
    return { weight: encodeValues(values, shape, encoding), bytes: read.bytes }
  }
  const bytes = await tensors.read(info.name, options)
  return { weight: encodePlain(planned, bytes, start, encoding), bytes: [bytes] }
}

function encodePlain(
  { info, shape }: PlannedWeight,
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  encoding: WeightEncoding,
): WeightData {
  const size = shape.reduce((product, extent) => product * extent, 1)
  const first = start * (size / shape[0])
  // halves are taken as they are
  if (encoding === 'f16' && info.dtype === 'F16') {
    const data = new Uint16Array(bytes.buffer, bytes.byteOffset + first * 2, size)
    return { type: { dtype: 'f32', shape }, encoding, data }
  }
  const values = toFloat32(info, bytes).subarray(first, first + size)
  if (isQuantized(encoding)) requireFinite(values, info)
  return encodeValues(values, shape, encoding)
}

/** No scale holds a block with an infinity or a NaN in it. */
function requireFinite(values: Float32Array, { file, name }: TensorInfo): void {
  const at = values.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return
  const message = `element ${at} is ${values[at]}, which cannot be quantised.`
  throw new SafetensorsError({ file, tensor: name, problem: 'value-range', message, fix: 'Load it as f32 or f16.' })
}
