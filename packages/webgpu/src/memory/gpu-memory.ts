/** Buffers of one device: made with a check against its limits, counted, and filled with NaN when a test asks for it. */
import type { Profile } from '../device/profile.js'
import { DeviceLimitError, DeviceMemoryError } from '../errors.js'

export class GpuMemory {
  readonly device: GPUDevice
  readonly #profile: Profile
  readonly #poison: boolean
  #made: GPUBuffer[] | null = null
  bytes = 0

  constructor(device: GPUDevice, profile: Profile, poison: boolean) {
    this.device = device
    this.#profile = profile
    this.#poison = poison
  }

  /**
   * What `make` allocates. When it throws, or the device has no room (DeviceMemoryError), everything that it allocated is given back
   * and the device stays usable.
   */
  async allocate<T>(what: string, make: () => T): Promise<T> {
    const made: GPUBuffer[] = []
    this.#made = made
    this.device.pushErrorScope('out-of-memory')
    const outcome = new Promise<T>((resolve) => resolve(make()))
    const refused = this.device.popErrorScope()
    this.#made = null
    try {
      const result = await outcome
      if (await refused) throw new DeviceMemoryError(what, this.bytes)
      return result
    } catch (error) {
      for (const buffer of made) this.destroy(buffer)
      throw error
    }
  }

  /** Bytes of the largest buffer that a kernel can bind. */
  get largest(): number {
    const { maxBindingBytes, maxBufferBytes } = this.#profile
    // whole vectors, so that a buffer of this size needs no padding
    return Math.floor(Math.min(maxBindingBytes, maxBufferBytes) / 16) * 16
  }

  /** Does work that cannot wait; what the device says of it comes later, null if it has done it, and is no error of the whole device. */
  watch<T>(work: () => T): { result: T; refused: Promise<GPUError | null> } {
    this.device.pushErrorScope('validation')
    this.device.pushErrorScope('out-of-memory')
    try {
      const result = work()
      return { result, refused: this.#endWatch() }
    } catch (error) {
      void this.#endWatch()
      throw error
    }
  }

  /** A device that is lost says so elsewhere. */
  async #endWatch(): Promise<GPUError | null> {
    const scopes = [this.device.popErrorScope(), this.device.popErrorScope()]
    const errors = await Promise.all(scopes).catch(() => [])
    return errors.find((error) => error !== null) ?? null
  }

  /** A storage buffer of at least `bytes`; `what` names it in errors. Fresh memory is zero, or NaN when poisoned. */
  create(what: string, bytes: number, usage: GPUBufferUsageFlags = 0): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16)
    const limit = this.largest
    if (size > limit) {
      throw new DeviceLimitError(
        what,
        size,
        limit,
        'Load with a smaller dtype, use fewer rows, or use a device with larger buffers.',
      )
    }
    const buffer = this.device.createBuffer({
      label: what,
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC | usage,
    })
    this.bytes += size
    this.#made?.push(buffer)
    if (this.#poison) this.poison(buffer)
    return buffer
  }

  upload(what: string, data: ArrayBufferView<ArrayBuffer>): GPUBuffer {
    const buffer = this.create(what, data.byteLength)
    this.write(buffer, data)
    return buffer
  }

  /** Writes whole words; a ragged tail is padded with zero bytes. */
  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const whole = bytes.length & ~3
    if (whole) this.device.queue.writeBuffer(buffer, offset, bytes, 0, whole)
    if (whole === bytes.length) return
    const tail = new Uint8Array(4)
    tail.set(bytes.subarray(whole))
    this.device.queue.writeBuffer(buffer, offset + whole, tail)
  }

  poison(buffer: GPUBuffer): void {
    this.device.queue.writeBuffer(buffer, 0, new Uint32Array(buffer.size / 4).fill(0x7fc00000))
  }

  zero(buffer: GPUBuffer): void {
    const encoder = this.device.createCommandEncoder()
    encoder.clearBuffer(buffer)
    this.device.queue.submit([encoder.finish()])
  }

  destroy(buffer: GPUBuffer): void {
    this.bytes -= buffer.size
    buffer.destroy()
  }
}
