/** One linear memory, the kernels instantiated over it, and the helper threads that share it. It knows addresses, not tensors. */
import { DisposedError, UnsupportedError } from '@retnet/core'
import { type Helper, isNode, startHelpers } from '../wasm/helpers.js'
import { type KernelExports, type SimdLevel, loadKernels } from '../wasm/load-kernels.js'
import { Allocator } from './allocator.js'
import { KernelError } from './kernel-error.js'
import { OutOfMemoryError } from './out-of-memory-error.js'

export interface EngineOptions {
  readonly threads: number
  /** Null: as much as the host allows, at most 4 GiB. */
  readonly maxMemoryBytes: number | null
  readonly simd: SimdLevel
  /** Fills fresh memory with NaN, so that reading what was never written shows. */
  readonly poison: boolean
}

const pageBytes = 65536
const growthBytes = 4 * 1048576
/** The control block of assembly/sync.ts and the constants of assembly/math.ts lie below. */
const heapStart = 1024
/** Kernels compare addresses with the end of a range, which must not wrap around to 0. */
const lastAddress = 2 ** 32 - pageBytes
const failedWord = 448 / 4
const poisonBits = 0x7fc00000

export class Engine {
  readonly threads: number
  readonly poison: boolean
  readonly maxMemoryBytes: number
  readonly recordBytes: number
  /** Scratch bytes that one thread of a matrix product needs. */
  readonly gemmScratch: number
  readonly #memory: WebAssembly.Memory
  readonly #kernels: KernelExports
  readonly #helpers: readonly Helper[]
  readonly #allocator: Allocator
  readonly #mayBlock: boolean
  #scratch = { address: 0, stride: 0 }
  #failed = false
  #disposed = false

  private constructor(
    options: EngineOptions,
    { memory, maximum }: BoundedMemory,
    kernels: KernelExports,
    helpers: readonly Helper[],
  ) {
    this.threads = options.threads
    this.poison = options.poison
    this.maxMemoryBytes = maximum * pageBytes
    this.#memory = memory
    this.#kernels = kernels
    this.#helpers = helpers
    this.recordBytes = kernels.recordBytes()
    this.gemmScratch = kernels.gemmScratch()
    this.#mayBlock = isNode() || typeof document === 'undefined'
    this.#allocator = new Allocator(heapStart, (end) => this.#growTo(end))
  }

  static async create(options: EngineOptions): Promise<Engine> {
    const shared = options.threads > 1
    const module = await loadKernels(options.simd, shared)
    const bounded =
      options.maxMemoryBytes === null ? largestMemory(shared) : createMemory(options.maxMemoryBytes / pageBytes, shared)
    const { memory } = bounded
    const instance = await WebAssembly.instantiate(module, { env: { memory } })
    const helpers = shared ? await startHelpers(module, memory, options.threads, failedWord) : []
    return new Engine(options, bounded, instance.exports as unknown as KernelExports, helpers)
  }

  get usedBytes(): number {
    return this.#allocator.used
  }

  /** Address of a fresh block. `what` names it in the error when memory is short. */
  allocate(bytes: number, what: string): number {
    this.requireAlive()
    const address = this.#reserve(bytes, what)
    if (this.poison) this.fillPoison(address, bytes)
    return address
  }

  free(address: number): void {
    if (!this.#disposed) this.#allocator.free(address)
  }

  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length)
  }

  integers(address: number, length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, address, length)
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, length)
  }

  fillPoison(address: number, bytes: number): void {
    this.integers(address, Math.ceil(bytes / 4)).fill(poisonBits)
  }

  /** Makes sure that each thread has at least `bytes` of scratch. */
  requireScratch(bytes: number): void {
    this.requireAlive()
    const stride = Math.ceil(bytes / pageBytes) * pageBytes
    if (stride <= this.#scratch.stride) return
    const address = this.#reserve(stride * this.threads, 'scratch memory of the kernels')
    if (this.#scratch.stride) this.#allocator.free(this.#scratch.address)
    this.#scratch = { address, stride }
  }

  /** Runs `count` records of `parts` parts in all from `tape`, alone or with the helpers. */
  run(tape: number, count: number, parts: number, shared: boolean): void {
    this.requireAlive()
    const { address, stride } = this.#scratch
    if (this.poison && stride) this.fillPoison(address, stride * this.threads)
    try {
      this.#kernels.launch(tape, count, parts, address, stride, Number(this.#mayBlock), Number(shared))
    } catch (error) {
      this.#failed = true
      Atomics.store(this.integers(0, failedWord + 1), failedWord, 1)
      throw new KernelError('a kernel failed', error)
    }
  }

  requireAlive(): void {
    if (this.#disposed) throw new DisposedError('the cpu backend')
    if (this.#failed) throw new KernelError('a kernel failed earlier')
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    if (this.#helpers.length > 0) this.#kernels.stop()
    for (const helper of this.#helpers) helper.terminate()
  }

  #reserve(bytes: number, what: string): number {
    try {
      return this.#allocator.allocate(bytes)
    } catch (error) {
      if (error instanceof RangeError) throw new OutOfMemoryError(what, bytes, this.usedBytes, this.maxMemoryBytes)
      throw error
    }
  }

  #growTo(end: number): void {
    const have = this.#memory.buffer.byteLength
    if (end <= have) return
    if (end > Math.min(this.maxMemoryBytes, lastAddress)) throw new RangeError('memory limit')
    const wanted = Math.min(Math.max(end, have + growthBytes), this.maxMemoryBytes)
    const pages = Math.max(Math.ceil((end - have) / pageBytes), Math.floor((wanted - have) / pageBytes))
    this.#memory.grow(Math.min(pages, Math.floor((this.maxMemoryBytes - have) / pageBytes)))
  }
}

interface BoundedMemory {
  readonly memory: WebAssembly.Memory
  /** Pages. */
  readonly maximum: number
}

function createMemory(pages: number, shared: boolean): BoundedMemory {
  const maximum = Math.floor(pages)
  try {
    return { memory: new WebAssembly.Memory({ initial: 1, maximum, shared }), maximum }
  } catch (error) {
    const reason = `the host refused a memory of up to ${maximum} pages (${String(error)}).`
    throw new UnsupportedError('cpu memory', reason, 'Set a smaller maxMemoryBytes.')
  }
}

// Phones reserve less address space than 4 GiB.
function largestMemory(shared: boolean): BoundedMemory {
  for (let pages = 65536; pages > 4096; pages /= 2) {
    try {
      return createMemory(pages, shared)
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error
    }
  }
  return createMemory(4096, shared)
}
