import { RetNetError } from '@retnet/core'

/** There is no adapter, or the one there is cannot run these kernels correctly. */
export class AdapterError extends RetNetError {}

/** A buffer does not fit the limits of the device. */
export class DeviceLimitError extends RetNetError {
  readonly what: string
  readonly needed: number
  readonly limit: number

  constructor(what: string, needed: number, limit: number, fix: string) {
    super(`${what}: needs ${needed} bytes in one buffer, but the device allows ${limit}.`, fix)
    this.what = what
    this.needed = needed
    this.limit = limit
  }
}

/** The device is gone: driver reset, tab in the background, or destroyed. Weights and states on it are lost. */
export class DeviceLostError extends RetNetError {
  readonly reason: string

  constructor(reason: string) {
    super(
      `the GPU device was lost: ${reason}.`,
      'Create a new backend, load the model again and restore sessions from snapshots.',
    )
    this.reason = reason
  }

  override get isFatal(): boolean {
    return true
  }
}

/** The device has no memory left. */
export class DeviceMemoryError extends RetNetError {
  readonly what: string
  /** Bytes that were held already. */
  readonly held: number

  constructor(what: string, held: number) {
    super(
      `${what}: the device is out of memory; this backend holds ${held} bytes.`,
      'Load with a smaller dtype, use fewer rows, or dispose of models and sessions.',
    )
    this.what = what
    this.held = held
  }
}

/** The device refused a shader or a command: an error of this library or of the driver, never of the caller's data. */
export class DeviceError extends RetNetError {}

/** The device reported an error that nobody can explain: nothing on it is to be trusted any more. */
export class DeviceFaultError extends DeviceError {
  override get isFatal(): boolean {
    return true
  }
}
