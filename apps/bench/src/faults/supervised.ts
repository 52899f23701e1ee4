/** A part of the service in a process of its own, which is started again when it ends, as a supervisor would. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

const program = resolve(import.meta.dirname, '../../../../packages/cli/dist/bin.js')
const RESTART_MS = 200

export class Supervised implements AsyncDisposable {
  readonly url: string
  readonly #args: readonly string[]
  readonly #fileBlocks: number | undefined
  #child: ChildProcess
  #stopped = false
  starts = 0

  /** `fileBlocks`: no file that it writes may be longer than so many blocks of 512 or 1,024 bytes, as on a full disk. */
  constructor(port: number, args: readonly string[], { fileBlocks }: { fileBlocks?: number } = {}) {
    this.url = `http://127.0.0.1:${port}`
    this.#fileBlocks = fileBlocks
    this.#args = [program, 'serve', '--port', String(port), '--log-level', 'silent', ...args]
    this.#child = this.#start()
  }

  get pid(): number {
    return this.#child.pid!
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** SIGTERM. Throws unless it ends in order, in 20 seconds. */
  async end(): Promise<void> {
    const exit = once(this.#child, 'exit', { signal: AbortSignal.timeout(20_000) })
    this.#child.kill('SIGTERM')
    const [code] = (await exit) as [number | null]
    if (code !== 0) throw new Error(`${this.url} ended with ${code} after SIGTERM`)
  }

  /** Resolves when it says that it is ready. */
  async ready(): Promise<void> {
    for (;;) {
      const response = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(1000) }).catch(() => null)
      if (response?.status === 200) return
      if (this.#stopped) throw new Error(`${this.url} was stopped before it was ready`)
      await new Promise((done) => setTimeout(done, 50))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  #start(): ChildProcess {
    this.starts += 1
    const limit = this.#fileBlocks === undefined ? '' : `ulimit -f ${this.#fileBlocks} && `
    const command = [process.execPath, ...this.#args]
    const child = spawn('sh', ['-c', `${limit}exec "$0" "$@"`, ...command], { stdio: ['ignore', 'ignore', 'inherit'] })
    child.once('exit', () => {
      if (!this.#stopped) setTimeout(() => this.#stopped || (this.#child = this.#start()), RESTART_MS)
    })
    return child
  }
}
