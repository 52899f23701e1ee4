/**
 * Writes programs into single files that need nothing but Node and the package `webgpu`, for a GPU machine without an install:
 * bench/dist/conformance.mjs (the conformance suite), bench/dist/retnet.mjs (the command line) and the other programs of bench/.
 *
 *   node packages/webgpu/bench/bundle.mjs      bundles the sources; no build is needed
 *   npm install --no-save webgpu               there
 *   node packages/webgpu/bench/dist/conformance.mjs
 *   node packages/webgpu/bench/dist/retnet.mjs eval --backend webgpu --model models/novels-7m --text novel.txt
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

const folder = import.meta.dirname
const programs = (await readdir(folder)).filter((name) => name.endsWith('.mjs') && name !== 'bundle.mjs')
await build({
  entryPoints: [
    ...programs.map((name) => ({ in: join(folder, name), out: name.replace('.mjs', '') })),
    { in: join(folder, '../../cli/src/bin.ts'), out: 'retnet' },
  ],
  outdir: join(folder, 'dist'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  conditions: ['@retnet/source'],
  external: ['webgpu'],
  // packages of CommonJS that the command line uses
  banner: {
    js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url)",
  },
  logLevel: 'info',
})
