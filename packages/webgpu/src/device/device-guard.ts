import { DisposedError } from '@retnet/core'
import { DeviceError, DeviceLostError } from '../errors.js'

/** Milliseconds in which a loss that explains an error has to show. */
const patience = 50

/** Watches a device: turns its loss and its uncaught errors into typed errors of whoever waits on it. */
export class DeviceGuard {
  readonly #lost: Promise<never>
  #failure: Error | null = null
  #disposed = false

  constructor(device: GPUDevice) {
    this.#lost = device.lost.then((info) => {
      this.#failure = this.#disposed
        ? new DisposedError('backend webgpu')
        : new DeviceLostError(info.message || info.reason)
      throw this.#failure
    })
    this.#lost.catch(() => {})
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault?.()
      this.#failure ??= new DeviceError(`the device reported: ${event.error.message}`)
    })
  }

  /** Throws when the device is lost, disposed, or has reported an error. */
  check(): void {
    if (this.#disposed) throw new DisposedError('backend webgpu')
    if (this.#failure) throw this.#failure
  }

  /** The result of `work`, or the error of the device if that comes first. */
  async race<T>(work: Promise<T>): Promise<T> {
    try {
      const result = await Promise.race([work, this.#lost])
      this.check()
      return result
    } catch (error) {
      // a lost device rejects pending maps first and reports its loss a moment later
      await Promise.race([this.#lost.catch(() => {}), new Promise((resolve) => setTimeout(resolve, patience))])
      throw this.#failure ?? error
    }
  }

  dispose(): void {
    this.#disposed = true
  }
}
