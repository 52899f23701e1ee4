import { DisposedError } from '@retnet/core'
import { DeviceFaultError, DeviceLostError } from '../errors.js'

/** Milliseconds in which a loss that explains an error has to show. */
const patience = 50

/** Watches a device: turns its loss and its uncaught errors into typed errors of whoever waits on it. */
export class DeviceGuard {
  /**
   * Those who wait. Not `Promise.race` with the promise of the loss: a promise that stays pending for the life of the device would keep
   * what every race against it ever gave.
   */
  readonly #waiting = new Set<(failure: Error) => void>()
  readonly #lost: Promise<void>
  #failure: Error | null = null
  #disposed = false

  constructor(device: GPUDevice) {
    this.#lost = device.lost.then((info) => this.#lose(info))
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault?.()
      this.report(event.error)
    })
  }

  /** An error that nobody can explain: nothing on the device is to be trusted any more. */
  report({ message }: GPUError): void {
    this.#failure ??= new DeviceFaultError(`the device reported: ${message}`)
  }

  /** Throws when the device is lost, disposed, or has reported an error. */
  check(): void {
    if (this.#disposed) throw new DisposedError('backend webgpu')
    if (this.#failure) throw this.#failure
  }

  /** The result of `work`, or the error of the device if that comes first. */
  async race<T>(work: Promise<T>): Promise<T> {
    try {
      const result = await this.#unlessLost(work)
      this.check()
      return result
    } catch (error) {
      // a lost device rejects pending maps first and reports its loss a moment later
      if (!this.#failure) await Promise.race([this.#lost, new Promise((resolve) => setTimeout(resolve, patience))])
      throw this.#failure ?? error
    }
  }

  dispose(): void {
    this.#disposed = true
  }

  #lose({ message, reason }: GPUDeviceLostInfo): void {
    this.#failure = this.#disposed ? new DisposedError('backend webgpu') : new DeviceLostError(message || reason)
    for (const fail of this.#waiting) fail(this.#failure)
  }

  #unlessLost<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject)
      const settled = () => this.#waiting.delete(reject)
      work.then(resolve, reject).finally(settled)
    })
  }
}
