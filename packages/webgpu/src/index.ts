export { webgpu, type WebGpuBackend } from './webgpu.js'
export type { DeviceOptions, TestOptions, WebGpuOptions } from './device/device-options.js'
export type { ProfileName } from './device/profile.js'
export { AdapterError, DeviceError, DeviceLimitError, DeviceLostError, DeviceMemoryError } from './errors.js'
