/** The backends by name. Each package is loaded when it is asked for. */
import type { Backend } from '@retnet/core'
import type { Ort } from '@retnet/onnx'
import { CommandError, UsageError } from '../errors.js'

export interface BackendChoice {
  readonly threads?: number
  readonly stateDtype?: 'f32' | 'f16'
}

const makers = {
  cpu: async ({ threads, stateDtype }: BackendChoice): Promise<Backend> => {
    refuse('--state-dtype', stateDtype, 'the cpu backend holds states in f32.')
    const { cpu } = await import('@retnet/cpu')
    return cpu(threads === undefined ? {} : { threads })
  },
  webgpu: async ({ threads, stateDtype }: BackendChoice): Promise<Backend> => {
    refuse('--threads', threads, 'the webgpu backend has no threads to set.')
    const { webgpu } = await import('@retnet/webgpu')
    return webgpu(stateDtype === undefined ? {} : { stateDtype })
  },
  onnx: async ({ threads, stateDtype }: BackendChoice): Promise<Backend> => {
    refuse('--state-dtype', stateDtype, 'the onnx backend holds states in float32.')
    const [{ onnx }, ort] = await Promise.all([import('@retnet/onnx'), importOnnxRuntime()])
    // as in exported files: fast, at 0.0002 nats for packed weights
    return onnx({ ort, accuracyLevel: 4, ...(threads !== undefined && { threads }) })
  },
  reference: async ({ threads, stateDtype }: BackendChoice): Promise<Backend> => {
    refuse('--threads', threads, 'the reference backend has one thread.')
    refuse('--state-dtype', stateDtype, 'the reference backend holds states in float64.')
    const { reference } = await import('@retnet/core')
    return reference()
  },
}

function refuse(option: string, value: unknown, reason: string): void {
  if (value !== undefined) throw new UsageError(`${option}: ${reason}`, 'Leave it out.')
}

export type BackendName = keyof typeof makers

export const backendNames = Object.keys(makers) as BackendName[]

export async function createBackend(name: BackendName, choice: BackendChoice): Promise<Backend> {
  return makers[name](choice)
}

/** An optional peer: it is large, and only this backend needs it. */
async function importOnnxRuntime(): Promise<Ort> {
  const name = 'onnxruntime-node'
  try {
    return (await import(name)) as Ort
  } catch (cause) {
    const fix = 'Install it beside retnet (npm install onnxruntime-node), or use another backend such as cpu.'
    const error = new CommandError('--backend onnx: the package onnxruntime-node cannot be loaded.', fix)
    error.cause = cause
    throw error
  }
}
