/** The `retnet` command as a function, for tests and for programs that embed it. */
export { run } from './run.js'
export type { InputStream, Io, OutputStream } from './io.js'
export { memoryIo, type MemoryIo, type MemoryIoOptions } from './memory-io.js'
