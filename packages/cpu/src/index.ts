export { cpu } from './backend.js'
export type { CpuOptions } from './options.js'
export { KernelError } from './memory/kernel-error.js'
export { OutOfMemoryError } from './memory/out-of-memory-error.js'
