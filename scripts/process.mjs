// Child processes: captured ones for quiet steps, and one in the foreground that this process stands in for.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Resolves to the exit code and everything printed, both streams in order. */
export function captured(command, args, { cwd, environment } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    const stop = (signal) => {
      child.kill(signal)
      process.exit(128 + constants.signals[signal])
    }
    for (const name of forwarded) process.once(name, stop)
    const chunks = []
    child.stdout.on('data', (chunk) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => chunks.push(chunk))
    const finish = (code) => {
      for (const name of forwarded) process.off(name, stop)
      resolve({ code, output: Buffer.concat(chunks).toString() })
    }
    child.on('error', (error) => {
      chunks.push(Buffer.from(`${error.message}\n`))
      finish(127)
    })
    child.on('close', (code, signal) => finish(code ?? 128 + constants.signals[signal]))
  })
}

/** Runs a program on this terminal and passes signals on, each once. Resolves to how it ended. */
export function foreground(command, args, environment) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: environment, stdio: 'inherit' })
    const release = passSignals(child)
    const watch = watchParent(child)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearInterval(watch)
      resolve({ code, signal, interrupted: release() })
    })
  })
}

// `kill` on npm ends npm and its shell but not us: the shell does not pass the signal on. The program must not outlive them.
function watchParent(child) {
  const parent = process.ppid
  const underNpm = process.env.npm_lifecycle_event !== undefined
  return setInterval(() => underNpm && process.ppid !== parent && child.kill('SIGTERM'), 500)
}

// On a terminal Ctrl-C reaches the whole process group, the child included, and npm repeats it to us: nothing to pass on.
// Without a terminal a signal may come to us alone, or to the group: wait a moment, and pass it on only if the child still runs.
function passSignals(child) {
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  const seen = new Set()
  const handlers = forwarded.map((name) => [
    name,
    () => {
      if (seen.has(name)) return
      seen.add(name)
      if (name === 'SIGINT' && onTerminal) return
      setTimeout(() => child.kill(name), name === 'SIGINT' ? 500 : 0)
      setTimeout(() => seen.delete(name), 1000)
    },
  ])
  for (const [name, handler] of handlers) process.on(name, handler)
  return () => {
    for (const [name, handler] of handlers) process.off(name, handler)
    return seen.has('SIGINT')
  }
}

/** Ends this process the way the child ended: same code, or same signal so that shells and npm see an interruption. */
export function exitLike({ code, signal, interrupted }) {
  const cause = signal ?? (interrupted && code === 130 ? 'SIGINT' : null)
  if (cause === null || process.platform === 'win32') process.exit(code ?? 1)
  process.exitCode = 128 + constants.signals[cause]
  process.kill(process.pid, cause)
}
