/** Lines that the user types, or that come from a pipe; with a prompt and editing where stdin is a terminal. */
import { createInterface } from 'node:readline'
import type { Io } from '../io.js'

export interface Lines extends Disposable {
  /** The next line; null at the end of the input. */
  next(prompt: string): Promise<string | null>
}

/** `onInterrupt` is called for Ctrl-C. */
export function createLines(io: Io, onInterrupt: () => void): Lines {
  const terminal = io.stdin.isTTY === true && io.stdout.isTTY === true
  const input = io.stdin as unknown as NodeJS.ReadableStream
  const output = terminal ? (io.stdout as unknown as NodeJS.WritableStream) : undefined
  const reader = createInterface({ input, output, terminal, historySize: terminal ? 1000 : 0 })
  const waiting: ((line: string | null) => void)[] = []
  const queue: string[] = []
  let closed = false
  reader.on('line', (line) => {
    const next = waiting.shift()
    if (next) next(line)
    else queue.push(line)
  })
  reader.on('close', () => {
    closed = true
    for (const next of waiting.splice(0)) next(null)
  })
  // in raw mode the terminal sends no signal: the reader sees the key
  reader.on('SIGINT', onInterrupt)
  const release = io.onInterrupt?.(onInterrupt)
  io.signal.addEventListener('abort', () => reader.close(), { once: true })
  return {
    async next(prompt) {
      if (queue.length > 0) return queue.shift()!
      if (closed) return null
      if (terminal) {
        reader.setPrompt(prompt)
        reader.prompt()
      }
      return new Promise((resolve) => waiting.push(resolve))
    },
    [Symbol.dispose]() {
      release?.()
      reader.close()
    },
  }
}
