/** Reads the weights of a checkpoint one after another, in the encoding that the backend is to hold. */
import { type Fingerprint, type RetNetSpec, type WeightData, type WeightEncoding, parameterShapes } from '@retnet/core'
import { SafetensorsError } from '../errors.js'
import type { Family, WeightLocation } from '../families/family.js'
import { float32ToFloat16 } from '../safetensors/half.js'
import {
  type TensorFile,
  type TensorInfo,
  findTensor,
  floatDtypes,
  requireDtype,
  toFloat32,
} from '../safetensors/tensor-file.js'
import { quantizeQ8 } from './quantize-q8.js'

export interface WeightStreamOptions {
  readonly family: Family
  readonly spec: RetNetSpec
  readonly tensors: TensorFile
  readonly dtype: WeightEncoding
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: { loaded: number; total: number }) => void) | undefined
}

export interface PlannedWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly info: TensorInfo
  readonly location: WeightLocation
}

/** Every weight with its place in the file, or SafetensorsError naming a tensor that is missing, unknown or of a wrong shape. */
export function planWeights({
  family,
  spec,
  tensors,
}: Pick<WeightStreamOptions, 'family' | 'spec' | 'tensors'>): PlannedWeight[] {
  const plan = [...parameterShapes(spec)].map(([name, shape]) => {
    const location = family.locate(name, spec, tensors.tensors)
    const info = findTensor(tensors.name, tensors.tensors, location.tensor)
    requireDtype(info, floatDtypes)
    requireShape(info, location, shape)
    return { name, shape, info, location }
  })
  const used = new Set(plan.map(({ info }) => info.name))
  const extra = [...tensors.tensors.values()].find(({ name }) => !used.has(name) && !family.ignores(name, spec))
  if (!extra) return plan
  throw new SafetensorsError({
    file: extra.file,
    tensor: extra.name,
    problem: 'shape',
    message: `is not part of a ${family.name} model with this configuration.`,
    fix: 'Does config.json belong to these weights?',
  })
}

/** The weights in the order of the plan; `fingerprint` covers the bytes as stored and is complete after the last one. */
export async function* streamWeights(
  options: WeightStreamOptions,
  fingerprint: Fingerprint,
): AsyncGenerator<readonly [string, WeightData]> {
  const plan = planWeights(options)
  const total = plan.reduce((sum, { info }) => sum + info.bytes, 0)
  let loaded = 0
  for (const weight of plan) {
    const bytes = await options.tensors.read(weight.info.name, options.signal ? { signal: options.signal } : {})
    fingerprint.add(weight.name, bytes)
    yield [weight.name, encode(weight, bytes, options.dtype)]
    loaded += weight.info.bytes
    options.onProgress?.({ loaded, total })
  }
}

function encode(
  { info, location, shape }: PlannedWeight,
  bytes: Uint8Array<ArrayBuffer>,
  dtype: WeightEncoding,
): WeightData {
  const type = { dtype: 'f32', shape } as const
  const columns = shape.length > 1 ? shape[1] : 1
  const slice = <T extends Float32Array | Uint16Array>(values: T): T => {
    const { start, count } = location.rows ?? { start: 0, count: values.length / columns }
    return values.subarray(start * columns, (start + count) * columns) as T
  }
  // norms and biases are small and stay exact; only matrices are worth packing
  if (dtype === 'f16' && shape.length === 2 && info.dtype === 'F16') {
    return { type, encoding: 'f16', data: slice(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)) }
  }
  const values = slice(toFloat32(info, bytes))
  if (dtype === 'f32' || shape.length < 2) return { type, encoding: 'f32', data: values }
  if (dtype === 'f16') return { type, encoding: 'f16', data: float32ToFloat16(values) }
  return quantizeQ8(values, shape)
}

function requireShape(info: TensorInfo, { rows }: WeightLocation, shape: readonly number[]): void {
  const expected = rows ? [info.shape[0], ...shape.slice(1)] : shape
  if (expected.join() === info.shape.join()) return
  throw new SafetensorsError({
    file: info.file,
    tensor: info.name,
    problem: 'shape',
    message: `expected [${expected.join(', ')}] from the configuration, got [${info.shape.join(', ')}].`,
    fix: 'Does config.json belong to these weights?',
  })
}
