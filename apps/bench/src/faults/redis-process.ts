/** A Redis or Valkey of its own, with every write on the disk before it is answered. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

const installed = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0)

/** What RETNET_REDIS_SERVER names, else what is installed; undefined if neither is. */
export const redisBinary = process.env.RETNET_REDIS_SERVER ?? installed

export class RedisProcess implements AsyncDisposable {
  readonly port: number
  readonly #folder: string
  #child: ChildProcess | null = null

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.port = port
  }

  static async start(folder: string): Promise<RedisProcess> {
    const redis = new RedisProcess(folder, await freePort())
    await redis.start()
    return redis
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const where = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', '']
    const args = [...where, '--appendonly', 'yes', '--appendfsync', 'always']
    const child = spawn(redisBinary!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = child
    let output = ''
    for await (const chunk of child.stdout) {
      output += String(chunk)
      if (output.includes('Ready to accept connections')) return
    }
    throw new Error(`${redisBinary} ended: ${output}`)
  }

  async kill(): Promise<void> {
    if (this.#child === null || this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  /** One command, by its own small client. */
  tell(...command: string[]): void {
    const { status, stderr } = spawnSync(redisBinary!.replace('-server', '-cli'), ['-p', String(this.port), ...command])
    if (status !== 0) throw new Error(`redis: ${String(stderr)}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
