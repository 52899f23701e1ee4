/** The options of `cpu()`, checked and resolved for this host. */
import { ArgumentError, UnsupportedError } from '@retnet/core'
import type { EngineOptions } from './memory/engine.js'
import { type SimdLevel, detectSimd } from './wasm/load-kernels.js'

export interface CpuOptions {
  /** Threads that run kernels, the calling one included. `auto`: one a core, at most 16; 1 where memory cannot be shared. */
  readonly threads?: number | 'auto'
  /** Ceiling of all weights, states and programs together. 4 GiB is the most, and the default where the host allows it. */
  readonly maxMemoryBytes?: number
  /** `relaxed` has fused multiply-add: faster, and rounded differently. `auto` takes it where it exists. */
  readonly simd?: 'auto' | SimdLevel
  /** Fills fresh memory with NaN before use: for tests. */
  readonly poison?: boolean
}

const known: readonly string[] = ['threads', 'maxMemoryBytes', 'simd', 'poison'] satisfies (keyof CpuOptions)[]
const fourGiB = 2 ** 32
const smallest = 2 ** 20

export function resolveOptions(options: CpuOptions): EngineOptions {
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown) {
    throw new ArgumentError({
      argument: `cpu option ${unknown}`,
      expected: `one of ${known.join(', ')}`,
      actual: 'an unknown name',
    })
  }
  const { threads = 'auto', maxMemoryBytes = null, simd = 'auto', poison = false } = options
  if (
    maxMemoryBytes !== null &&
    !(Number.isInteger(maxMemoryBytes) && maxMemoryBytes >= smallest && maxMemoryBytes <= fourGiB)
  ) {
    const expected = `a whole number from ${smallest} to ${fourGiB}`
    throw new ArgumentError({ argument: 'maxMemoryBytes', expected, actual: maxMemoryBytes })
  }
  if (typeof poison !== 'boolean')
    throw new ArgumentError({ argument: 'poison', expected: 'true or false', actual: poison })
  return { threads: resolveThreads(threads), maxMemoryBytes, simd: resolveSimd(simd), poison }
}

function resolveThreads(threads: number | 'auto'): number {
  const canShare = typeof SharedArrayBuffer === 'function' && (globalThis.crossOriginIsolated ?? true)
  if (threads === 'auto') return canShare ? Math.min(globalThis.navigator?.hardwareConcurrency ?? 1, 16) : 1
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new ArgumentError({ argument: 'threads', expected: "'auto' or a whole number from 1 to 64", actual: threads })
  }
  if (threads === 1 || canShare) return threads
  throw new UnsupportedError(
    'threads',
    'this page may not share memory between threads.',
    "Serve it with the COOP and COEP headers (cross-origin isolation), or use threads: 1 or 'auto'.",
  )
}

function resolveSimd(simd: 'auto' | SimdLevel): SimdLevel {
  if (simd !== 'auto' && simd !== 'relaxed' && simd !== 'baseline') {
    throw new ArgumentError({ argument: 'simd', expected: "'auto', 'relaxed' or 'baseline'", actual: simd })
  }
  const best = detectSimd()
  if (best === null) {
    throw new UnsupportedError('cpu', 'this host has no WebAssembly SIMD.', 'Use a browser or Node of 2021 or later.')
  }
  if (simd === 'relaxed' && best !== 'relaxed') {
    throw new UnsupportedError('simd: relaxed', 'this host has no relaxed SIMD.', "Use simd: 'auto'.")
  }
  return simd === 'auto' ? best : simd
}
