/** Checks the tensors to be written and lays them out: the header bytes and the order of the data. No I/O. */
import { SafetensorsError, type SafetensorsProblem } from '../errors.js'
import { dtypeBytes, dtypes, isDtype, type Dtype } from './dtype.js'
import { maxHeaderBytes, maxTensors, spanBytes } from './header.js'

/** Numbers of a tensor: a typed array of its type, or its raw little-endian bytes as a Uint8Array. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

export interface TensorInput {
  readonly name: string
  readonly shape: readonly number[]
  /** Taken from the array type when absent. A Uint16Array needs it: it may hold F16, BF16 or U16. */
  readonly dtype?: Dtype | undefined
  readonly data: TensorData
}

export interface TensorPlan {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: Dtype
  readonly bytes: number
}

/** Everything before the data, and the tensors in the order in which their data follows. */
export interface Layout<T> {
  readonly head: Uint8Array<ArrayBuffer>
  readonly tensors: readonly T[]
  /** Bytes of the whole file. */
  readonly size: number
}

/**
 * The layout of the reference writer: widest types first, then by name, so that every tensor is aligned to its type;
 * the header is padded with spaces to a multiple of 8 bytes.
 */
export function planLayout<T extends TensorPlan>(
  file: string,
  tensors: readonly T[],
  metadata: Readonly<Record<string, string>>,
): Layout<T> {
  checkNames(file, tensors)
  const ordered = tensors.toSorted(byTypeThenName)
  const entries: string[] = metadataEntry(file, metadata)
  let offset = 0
  for (const { name, dtype, shape, bytes } of ordered) {
    const entry = { dtype, shape, data_offsets: [offset, offset + bytes] }
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`)
    offset += bytes
  }
  const head = headBytes(file, `{${entries.join(',')}}`)
  return { head, tensors: ordered, size: head.byteLength + offset }
}

/** The plan of one tensor from its shape, type and data; checks that they agree. */
export function planTensor(file: string, tensor: TensorInput): TensorPlan & { data: TensorData } {
  const { name, data } = tensor
  const dtype = tensor.dtype ?? inferDtype(file, name, data)
  const bytes = checkShape(file, name, dtype, tensor.shape)
  checkData(file, { name, dtype, shape: tensor.shape, bytes }, data)
  return { name, shape: [...tensor.shape], dtype, bytes, data }
}

/** Bytes that a shape takes, or an error for shapes that are none. */
export function checkShape(file: string, name: string, dtype: Dtype, shape: readonly number[]): number {
  if (!isDtype(dtype)) {
    throw fail(file, name, 'dtype', `expected a dtype of ${dtypes.join(', ')}, got ${String(dtype)}.`)
  }
  const valid = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  const bytes = valid ? spanBytes(shape, dtypeBytes[dtype]) : undefined
  if (bytes !== undefined) return bytes
  throw fail(file, name, 'shape', `expected a shape of non-negative integers below 2^53 bytes, got [${String(shape)}].`)
}

/** Throws unless the data is of the planned type (or raw bytes) and exactly as long as planned. */
export function checkData(file: string, plan: TensorPlan, data: TensorData): void {
  const { name, dtype, shape, bytes } = plan
  const raw = data instanceof Uint8Array
  if (!raw && !dtypesOf(data).includes(dtype)) {
    const message = `expected ${dtype} as its typed array or as raw bytes in a Uint8Array, got ${data.constructor.name}.`
    throw fail(file, name, 'data', message)
  }
  if (data.byteLength === bytes) return
  throw fail(file, name, 'shape', `${dtype} [${shape.join(', ')}] needs ${bytes} bytes, got ${data.byteLength}.`)
}

function inferDtype(file: string, name: string, data: TensorData): Dtype {
  const candidates = ArrayBuffer.isView(data) ? dtypesOf(data) : []
  if (candidates.length === 1) return candidates[0]
  const what =
    candidates.length === 0 ? 'expected a typed array' : `a ${data.constructor.name} may hold ${candidates.join(', ')}`
  throw fail(file, name, 'data', `${what}.`, 'Say which with dtype.')
}

function dtypesOf(data: TensorData): readonly Dtype[] {
  if (data instanceof Float32Array) return ['F32']
  if (data instanceof Float64Array) return ['F64']
  if (data instanceof Int8Array) return ['I8']
  if (data instanceof Uint8Array) return ['U8']
  if (data instanceof Int16Array) return ['I16']
  if (data instanceof Uint16Array) return ['F16', 'BF16', 'U16']
  if (data instanceof Int32Array) return ['I32']
  if (data instanceof Uint32Array) return ['U32']
  if (data instanceof BigInt64Array) return ['I64']
  if (data instanceof BigUint64Array) return ['U64']
  return []
}

function checkNames(file: string, tensors: readonly TensorPlan[]): void {
  if (tensors.length > maxTensors) {
    throw fail(file, undefined, 'too-many-tensors', `expected at most ${maxTensors} tensors, got ${tensors.length}.`)
  }
  const seen = new Set<string>()
  for (const { name } of tensors) {
    if (seen.has(name)) throw fail(file, name, 'duplicate-name', 'is given twice.', 'Give each tensor its own name.')
    if (name === '__metadata__' || !name.isWellFormed()) {
      throw fail(
        file,
        name,
        'header-form',
        'is no possible name: reserved, or not valid Unicode.',
        'Rename the tensor.',
      )
    }
    seen.add(name)
  }
}

function metadataEntry(file: string, metadata: Readonly<Record<string, string>>): string[] {
  const keys = Object.keys(metadata).toSorted()
  if (keys.length === 0) return []
  const bad = keys.find((key) => typeof metadata[key] !== 'string' || !`${key}${metadata[key]}`.isWellFormed())
  if (bad !== undefined) throw fail(file, undefined, 'metadata', `expected text as metadata ${JSON.stringify(bad)}.`)
  const pairs = keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`)
  return [`"__metadata__":{${pairs.join(',')}}`]
}

function headBytes(file: string, json: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(json)
  const length = Math.ceil(text.byteLength / 8) * 8
  if (length > maxHeaderBytes) {
    throw fail(
      file,
      undefined,
      'header-length',
      `the header would take ${length} bytes, at most ${maxHeaderBytes} can be read.`,
    )
  }
  const head = new Uint8Array(8 + length).fill(0x20)
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true)
  head.set(text, 8)
  return head
}

function byTypeThenName(a: TensorPlan, b: TensorPlan): number {
  const byType = dtypes.indexOf(b.dtype) - dtypes.indexOf(a.dtype)
  if (byType !== 0) return byType
  return a.name < b.name ? -1 : 1
}

function fail(
  file: string,
  tensor: string | undefined,
  problem: SafetensorsProblem,
  message: string,
  fix?: string,
): SafetensorsError {
  return new SafetensorsError({ file, tensor, problem, message, fix })
}
