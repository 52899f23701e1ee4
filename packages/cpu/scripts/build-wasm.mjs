// Compiles assembly/ twice (relaxed SIMD and baseline SIMD) and embeds both as base64 in src/generated/kernels.ts.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const compiler = join(dirname(fileURLToPath(import.meta.resolve('assemblyscript/asc'))), '../bin/asc.js')
const optimise = ['-O3', '--runtime', 'stub', '--noAssert', '--use', 'abort=']
const memory = [
  '--importMemory',
  '--sharedMemory',
  '--initialMemory',
  '1',
  '--maximumMemory',
  '65536',
  '--memoryBase',
  '640',
]

function compile(features) {
  const folder = mkdtempSync(join(tmpdir(), 'retnet-wasm-'))
  try {
    const file = join(folder, 'kernels.wasm')
    const args = [compiler, 'assembly/index.ts', ...optimise, ...memory, '--enable', features, '--outFile', file]
    execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
    return readFileSync(file).toString('base64')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const text = [
  '/** Made by scripts/build-wasm.mjs from assembly/. */',
  `export const relaxedKernels =\n  '${compile('simd,threads,relaxed-simd')}'`,
  `export const baselineKernels =\n  '${compile('simd,threads')}'`,
]
mkdirSync(join(root, 'src/generated'), { recursive: true })
writeFileSync(join(root, 'src/generated/kernels.ts'), `${text.join('\n')}\n`)
