/** What one safetensors file and a set of shards have in common: names, shapes, and reads of one tensor at a time. */
import { SafetensorsError } from '../errors.js'
import type { ReadOptions } from '../sources/byte-source.js'
import { closest } from './closest.js'
import type { Dtype } from './dtype.js'
import { bfloat16ToFloat32, float16ToFloat32 } from './half.js'

export interface TensorInfo {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** First byte, counted from the start of the file. */
  readonly offset: number
  readonly bytes: number
  /** The file (for shards: the shard) that holds it. */
  readonly file: string
}

/** Tensors on disk or behind a URL. Nothing is read before it is asked for. */
export interface TensorFile extends Disposable {
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** Raw little-endian bytes in row-major order. `byteOffset` is a multiple of 8, so any typed array can view them. */
  read(tensor: string, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>
  /** F32, or F16 and BF16 widened exactly. Other types are refused. */
  readFloat32(tensor: string, options?: ReadOptions): Promise<Float32Array<ArrayBuffer>>
  /** I32, or I64 when every value fits. Other types are refused. */
  readInt32(tensor: string, options?: ReadOptions): Promise<Int32Array<ArrayBuffer>>
  dispose(): void
}

/** The info of a tensor, or an error that names the closest one there is. */
export function findTensor(file: string, tensors: ReadonlyMap<string, TensorInfo>, name: string): TensorInfo {
  const info = tensors.get(name)
  if (info) return info
  const near = closest(name, tensors.keys())
  throw new SafetensorsError({
    file,
    tensor: name,
    problem: 'missing-tensor',
    message: `is not among the ${tensors.size} tensors.`,
    ...(near !== undefined && { fix: `The closest name is ${JSON.stringify(near)}.` }),
  })
}

export const floatDtypes: readonly Dtype[] = ['F32', 'F16', 'BF16']
export const integerDtypes: readonly Dtype[] = ['I32', 'I64']

/** Throws, before anything is read, when a tensor is not of one of these types. */
export function requireDtype(info: TensorInfo, accepted: readonly Dtype[]): void {
  if (accepted.includes(info.dtype)) return
  throw new SafetensorsError({
    file: info.file,
    tensor: info.name,
    problem: 'dtype',
    message: `expected ${accepted.join(', ')}, got ${info.dtype}.`,
    fix: 'Read it raw with read().',
  })
}

/** Widens the bytes of a tensor whose type is one of `floatDtypes`. */
export function toFloat32(info: TensorInfo, bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  if (info.dtype === 'F32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)
  return info.dtype === 'F16' ? float16ToFloat32(halves) : bfloat16ToFloat32(halves)
}

/** Narrows the bytes of a tensor whose type is one of `integerDtypes`. */
export function toInt32(info: TensorInfo, bytes: Uint8Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  if (info.dtype === 'I32') return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
  const values = new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8)
  const narrow = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    narrow[i] = Number(values[i])
    if (BigInt(narrow[i]) === values[i]) continue
    throw new SafetensorsError({
      file: info.file,
      tensor: info.name,
      problem: 'value-range',
      message: `element ${i} is ${values[i]}, which does not fit 32 bits.`,
      fix: 'Read it raw with read() as a BigInt64Array.',
    })
  }
  return narrow
}
