#!/usr/bin/env node
/** The process around the command: its streams, its signals, its exit code. */
import { run } from './run.js'
import { Interrupts, signals } from './terminal/interrupts.js'

const interrupts = new Interrupts()
for (const name of signals) process.on(name, () => interrupts.signal(name))

// a reader such as `head` has seen enough: nothing is wrong, and nobody is left to tell
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
process.stderr.on('error', () => {})

const code = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interrupts.abort.signal,
  engineThread: new URL('./engine-thread.js', import.meta.url),
  textThread: new URL('./text-thread.js', import.meta.url),
  onInterrupt: (listener) => interrupts.listen(listener),
  onStop: (listener) => interrupts.onStop(listener),
})
// a failure while it ended in order is a failure
process.exitCode = interrupts.exitCode || code
// an open stdin or a worker thread that is still ending must not keep a finished command alive
await Promise.all([flushed(process.stdout), flushed(process.stderr)])
process.exit()

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}
