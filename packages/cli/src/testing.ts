/** Processes and threads for tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

/** The built command. */
export const bin = resolve(import.meta.dirname, '../dist/bin.js')

export interface ServerProcess {
  readonly url: string
  readonly child: ChildProcess
}

/** `retnet serve` on a free port, with more words of its environment. Rejects with what it said if it ends before it listens. */
export async function startServer(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ServerProcess> {
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  return new Promise((found, reject) => {
    let text = ''
    const look = (part: Buffer) => {
      text += part.toString()
      const url = /http:\S+(?=\/v1)/.exec(text)?.[0]
      if (url) found({ url, child })
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    child.on('exit', () => reject(new Error(text)))
  })
}

/** The program of a thread: one of Node does not run TypeScript with these imports, so it is built first. */
export async function buildThread(name: string, folder: string): Promise<URL> {
  const outfile = join(folder, `${name}.mjs`)
  await build({
    entryPoints: [resolve(import.meta.dirname, `${name}.ts`)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@retnet/source'],
    external: ['webgpu', 'onnxruntime-node', '*.node'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    outfile,
  })
  return pathToFileURL(outfile)
}
