/** The WebAssembly module: which of the two builds this machine can run, decoded and compiled. */
import { baselineKernels, relaxedKernels } from '../generated/kernels.js'

export type SimdLevel = 'relaxed' | 'baseline'

/** What the kernels export; addresses are byte offsets. */
export interface KernelExports {
  launch(
    tape: number,
    count: number,
    parts: number,
    scratch: number,
    stride: number,
    block: number,
    shared: number,
  ): void
  work(thread: number): void
  stop(): void
  recordBytes(): number
  gemmScratch(): number
}

/** The best level of this machine, or null without SIMD at all. */
export function detectSimd(): SimdLevel | null {
  if (!WebAssembly.validate(baselineProbe)) return null
  return WebAssembly.validate(relaxedProbe) ? 'relaxed' : 'baseline'
}

/** Both builds declare a shared memory; without threads its flag is cleared, and the same code runs on a plain one. */
export async function loadKernels(level: SimdLevel, shared: boolean): Promise<WebAssembly.Module> {
  const text = level === 'relaxed' ? relaxedKernels : baselineKernels
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  if (!shared) clearSharedFlag(bytes)
  return WebAssembly.compile(bytes)
}

// The import reads: 3 "env" 6 "memory" 2 (memory) 3 (shared, with a maximum). 2 is bit 1 of the flags.
function clearSharedFlag(bytes: Uint8Array): void {
  const marker = Uint8Array.from('\u0003env\u0006memory\u0002\u0003', (character) => character.charCodeAt(0))
  const at = bytes.findIndex((_, start) => marker.every((byte, index) => bytes[start + index] === byte))
  if (at < 0) throw new Error('kernels: the memory import was not found')
  bytes[at + marker.length - 1] = 1
}

const header = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10]
const zero = [65, 0, 253, 15]
// (func (result v128) (i8x16.splat (i32.const 0)))
const baselineProbe = Uint8Array.from([...header, 8, 1, 6, 0, ...zero, 11])
// the same with f32x4.relaxed_madd of three of them
const relaxedProbe = Uint8Array.from([...header, 19, 1, 17, 0, ...zero, ...zero, ...zero, 253, 133, 2, 11])
