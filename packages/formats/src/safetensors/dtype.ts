/** The element types of safetensors that this package can store and read. */

/** Bytes of one element. The order is the one in which the reference writer lays tensors out, last first. */
export const dtypeBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const

export type Dtype = keyof typeof dtypeBytes

export const dtypes = Object.keys(dtypeBytes) as readonly Dtype[]

export function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(dtypeBytes, value)
}
