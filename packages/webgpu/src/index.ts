export { webgpu, type WebGpuOptions } from './webgpu.js'
export type { DeviceOptions } from './device/open-device.js'
export type { ProfileName } from './device/profile.js'
export { AdapterError, DeviceError, DeviceLimitError, DeviceLostError } from './errors.js'
