/** The part of onnxruntime-common that this package uses; the modules onnxruntime-node and onnxruntime-web have it. */
import { type TensorData, type TensorType, sizeOf } from '@retnet/core'

export interface OrtTensor {
  readonly dims: readonly number[]
  /** Numbers in host memory; throws for a tensor on a device. */
  readonly data: unknown
  getData(releaseData?: boolean): Promise<unknown>
  dispose(): void
}

export type OrtTensors = Record<string, OrtTensor>

export interface OrtSession {
  run(feeds: OrtTensors, fetches: Record<string, OrtTensor | null>): Promise<OrtTensors>
  release(): Promise<void>
}

export interface OrtSessionOptions {
  readonly executionProviders?: readonly ExecutionProvider[]
  readonly externalData?: readonly { readonly path: string; readonly data: Uint8Array }[]
  readonly intraOpNumThreads?: number
  readonly graphOptimizationLevel?: 'all'
  readonly enableGraphCapture?: boolean
  readonly logSeverityLevel?: 0 | 1 | 2 | 3 | 4
}

/** Name of a provider (`cpu`, `wasm`, `webgpu`, `cuda`), or its options with the name in them. */
export type ExecutionProvider = string | { readonly name: string }

/** The module `onnxruntime-node` or `onnxruntime-web`. */
export interface Ort {
  readonly InferenceSession: {
    // the modules take more, and narrower, options
    create(model: Uint8Array, options?: never): Promise<unknown>
  }
  readonly Tensor: unknown
  readonly env: object
}

interface TensorMaker {
  new (type: 'float32' | 'int32', data: TensorData, dims: readonly number[]): OrtTensor
  fromGpuBuffer(
    buffer: GPUBuffer,
    options: { dataType: 'float32'; dims: readonly number[]; dispose?: () => void },
  ): OrtTensor
}

export async function createSession(ort: Ort, model: Uint8Array, options: OrtSessionOptions): Promise<OrtSession> {
  return (await ort.InferenceSession.create(model, options as never)) as OrtSession
}

export function makeTensor({ Tensor }: Ort, data: TensorData, dims: readonly number[]): OrtTensor {
  const type = data instanceof Int32Array ? 'int32' : 'float32'
  return new (Tensor as TensorMaker)(type, data, dims)
}

export function dataOf(tensor: OrtTensor): TensorData {
  return tensor.data as TensorData
}

export function emptyData({ dtype, shape }: TensorType): TensorData {
  return dtype === 'i32' ? new Int32Array(sizeOf(shape)) : new Float32Array(sizeOf(shape))
}

export function gpuTensor({ Tensor }: Ort, buffer: GPUBuffer, dims: readonly number[]): OrtTensor {
  return (Tensor as TensorMaker).fromGpuBuffer(buffer, { dataType: 'float32', dims })
}

/** The device on which the WebGPU provider runs; it exists once a session does. */
export async function gpuDevice({ env }: Ort): Promise<GPUDevice | null> {
  const device = (env as { webgpu?: { device?: unknown } }).webgpu?.device
  return ((await device) as GPUDevice | undefined) ?? null
}

export function nameOf(provider: ExecutionProvider): string {
  return typeof provider === 'string' ? provider : provider.name
}
