export { type GpuCompileOptions, webgpu, type WebGpuBackend } from './webgpu.js'
export type { DeviceOptions, StateOptions, TestOptions, WebGpuOptions } from './device/device-options.js'
export type { KernelTuning, ProfileName, Tuning } from './device/profile.js'
export type { StateDtype } from './memory/state-storage.js'
export {
  AdapterError,
  DeviceError,
  DeviceFaultError,
  DeviceLimitError,
  DeviceLostError,
  DeviceMemoryError,
} from './errors.js'
export type { GpuProgram, RunMany } from './program.js'
export { type Recoverable, type RecoverableOptions, recoverable } from './recovery/recoverable.js'
export type { RecoverableSession, SavedSession, UseOptions } from './recovery/recoverable-session.js'
export type { KernelTime } from './time-kernels.js'
