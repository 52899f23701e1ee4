/** Programs of threads for tests: a thread of Node does not run TypeScript with these imports, so they are built first. */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

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
