import { ArgumentError } from '@retnet/core'
import type { ExecutionProvider, Ort } from './ort.js'

export interface OnnxOptions {
  /** The module `onnxruntime-node` or `onnxruntime-web`, as `import * as ort` gives it. */
  readonly ort: Ort
  /**
   * Tried in this order; the first that computes correctly is used, and the backend's `fallbacks` say why others were not. Default:
   * what the runtime takes by itself, the CPU.
   */
  readonly executionProviders?: readonly ExecutionProvider[]
  /** Threads of the CPU provider of onnxruntime-node; for onnxruntime-web set `ort.env.wasm.numThreads`. */
  readonly threads?: number
  /** `microsoft`: with the operators of ONNX Runtime; `standard`: those of opset 21 only. Default `auto`: the first that work. */
  readonly operators?: 'auto' | 'microsoft' | 'standard'
  /** Of products with q8 and q4 weights: 0 (default) computes in float32, 4 rounds activations to 8 bits. */
  readonly accuracyLevel?: 0 | 4
}

const known: readonly string[] = [
  'ort',
  'executionProviders',
  'threads',
  'operators',
  'accuracyLevel',
] satisfies (keyof OnnxOptions)[]

export function checkOnnxOptions(options: OnnxOptions): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown !== undefined) {
    const expected = `one of ${known.join(', ')}`
    throw new ArgumentError({ argument: `onnx option ${unknown}`, expected, actual: 'an unknown name' })
  }
  const { ort, executionProviders, threads, operators = 'auto', accuracyLevel = 0 } = options
  if (typeof ort?.InferenceSession?.create !== 'function' || typeof ort.Tensor !== 'function') {
    const expected = "the module onnxruntime-node or onnxruntime-web (import * as ort from 'onnxruntime-node')"
    throw new ArgumentError({ argument: 'ort', expected, actual: ort })
  }
  if (executionProviders !== undefined && !isProviderList(executionProviders)) {
    const expected = 'a list with at least one name of a provider'
    throw new ArgumentError({ argument: 'executionProviders', expected, actual: executionProviders })
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 256)) {
    throw new ArgumentError({ argument: 'threads', expected: 'a whole number from 1 to 256', actual: threads })
  }
  requireOneOf('operators', operators, ['auto', 'microsoft', 'standard'])
  requireOneOf('accuracyLevel', accuracyLevel, [0, 4])
}

function isProviderList(list: unknown): boolean {
  const isProvider = (item: unknown) =>
    typeof item === 'string' || typeof (item as { name?: unknown } | null)?.name === 'string'
  return Array.isArray(list) && list.length > 0 && list.every(isProvider)
}

function requireOneOf(argument: string, actual: unknown, allowed: readonly unknown[]): void {
  if (allowed.includes(actual)) return
  throw new ArgumentError({ argument, expected: `one of ${allowed.join(', ')}`, actual })
}
