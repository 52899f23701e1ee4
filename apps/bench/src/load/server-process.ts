/** `retnet serve` in a process of its own, or a server that runs already. */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

const program = resolve(import.meta.dirname, '../../../../packages/cli/dist/bin.js')

export interface ServerProcess extends AsyncDisposable {
  readonly url: string
  readonly key?: string
}

export interface ServerOptions {
  /** Of a server that runs already: it is used, and left running. */
  readonly url?: string
  readonly key?: string
  readonly args: readonly string[]
  /** The settings of memory that the image in deploy/ has; without them V8 and malloc take their time to come to rest. */
  readonly asInImage?: boolean
}

// as in deploy/Dockerfile
const nodeOptions = ['--max-semi-space-size=16']
const memory = { MALLOC_MMAP_THRESHOLD_: '131072' }

export async function openServer({ url, key, args, asInImage = false }: ServerOptions): Promise<ServerProcess> {
  if (url !== undefined) return { url, ...(key !== undefined && { key }), [Symbol.asyncDispose]: async () => {} }
  const command = [program, 'serve', '--port', '0', '--log-level', 'warn', ...args]
  const child = spawn(process.execPath, [...(asInImage ? nodeOptions : []), ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(asInImage && memory) },
  })
  const ended = new Promise<number | null>((found) => child.once('exit', found))
  const found = await Promise.race([greetingOf(child.stdout), ended])
  if (typeof found !== 'string') throw new Error(`retnet serve ended with ${found} before it listened`)
  return {
    url: found,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function greetingOf(stdout: AsyncIterable<Buffer>): Promise<string | null> {
  let text = ''
  for await (const part of stdout) {
    text += part.toString()
    const url = /curl (http:\S+?)\/v1/.exec(text)?.[1]
    if (url) return url
  }
  return null
}

/** Values of /metrics by name, labels left out: the last one of each name counts. */
export async function metricsOf({ url, key }: ServerProcess): Promise<Map<string, number>> {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const text = await (await fetch(`${url}/metrics`, { headers })).text()
  return new Map(text.split('\n').flatMap((line) => parseLine(line)))
}

function parseLine(line: string): [string, number][] {
  const [, name, value] = /^([\w:]+)(?:\{.*\})? (\S+)$/.exec(line) ?? []
  return name === undefined ? [] : [[name, Number(value)]]
}
