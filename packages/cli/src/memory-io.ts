/** An `Io` without a process: input from a string, output into strings. For tests and for programs that embed the command. */
import { Readable } from 'node:stream'
import type { Io, OutputStream } from './io.js'

export interface MemoryIo extends Io {
  /** What has been written so far. */
  readonly output: { readonly stdout: string; readonly stderr: string }
}

export interface MemoryIoOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export function memoryIo({
  stdin = '',
  env = {},
  signal = new AbortController().signal,
}: MemoryIoOptions = {}): MemoryIo {
  const output = { stdout: '', stderr: '' }
  const into = (name: keyof typeof output): OutputStream => ({
    write(text) {
      output[name] += text
      return true
    },
    once: () => {},
  })
  const input = Readable.from([Buffer.from(stdin)])
  return { stdin: input, stdout: into('stdout'), stderr: into('stderr'), env, signal, output }
}
