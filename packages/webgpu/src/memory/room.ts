/**
 * Whether the device had room for something that was made without waiting. It says so later; until then work on it may fail without
 * harm to others, and what comes of it counts only when the room is known.
 */
import type { DeviceGuard } from '../device/device-guard.js'
import type { GpuMemory } from './gpu-memory.js'

export class Room {
  readonly known: Promise<void>
  #settled = false
  #failure: Error | null = null

  constructor(refused: Promise<GPUError | null>, failure: () => Error) {
    this.known = this.#settle(refused, failure)
  }

  get settled(): boolean {
    return this.#settled
  }

  get failure(): Error | null {
    return this.#failure
  }

  /** Throws if there was none, as soon as that is known. */
  async require(): Promise<void> {
    if (!this.#settled) await this.known
    if (this.#failure) throw this.#failure
  }

  async #settle(refused: Promise<GPUError | null>, failure: () => Error): Promise<void> {
    const error = await refused
    this.#settled = true
    if (error) this.#failure = failure()
  }
}

/** Does work on what the rooms are for. An error that none of them explains is one of the device. */
export function watch<T>(memory: GpuMemory, guard: DeviceGuard, rooms: readonly Room[], work: () => T): T {
  const open = rooms.filter(({ settled }) => !settled)
  if (open.length === 0) return work()
  const { result, refused } = memory.watch(work)
  void reportUnexplained(refused, open, guard)
  return result
}

async function reportUnexplained(
  refused: Promise<GPUError | null>,
  rooms: readonly Room[],
  guard: DeviceGuard,
): Promise<void> {
  const [error] = await Promise.all([refused, ...rooms.map(({ known }) => known)])
  if (error && rooms.every(({ failure }) => failure === null)) guard.report(error)
}
