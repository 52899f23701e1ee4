// GFLOP/s of the matrix product and GB/s of the vector product for each encoding, beside a memory copy. Run after `pnpm build`.
import { matmul, trace } from '@retnet/core'
import { cpu } from '../dist/index.js'

const seconds = Number(process.argv[2] ?? 0.4)

/** Best milliseconds of one call, over `seconds` of calls. */
async function best(run) {
  let least = Infinity
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    const start = performance.now()
    await run()
    least = Math.min(least, performance.now() - start)
  }
  return least
}

function weight(rows, columns, encoding) {
  const size = rows * columns
  const type = { dtype: 'f32', shape: [rows, columns] }
  if (encoding === 'f32') return { type, encoding, data: new Float32Array(size).map(() => Math.random() - 0.5) }
  if (encoding === 'f16')
    return { type, encoding, data: new Uint16Array(size).map(() => 0x2c00 + Math.random() * 4096) }
  const data =
    encoding === 'q8'
      ? new Int8Array(size).map(() => Math.random() * 200 - 100)
      : new Uint8Array(size / 2).map(() => Math.random() * 256)
  return { type, encoding, data, scales: new Float32Array(size / 32).fill(0.01) }
}

async function layer(backend, rows, columns, depth, encoding) {
  const graph = trace('layer', (g) => {
    const x = g.input('x', [rows, depth])
    return { y: matmul(x, g.parameter('w', [columns, depth]), { transposeB: true }) }
  })
  const w = await backend.upload(weight(columns, depth, encoding))
  const program = await backend.compile(graph, { weights: { w } })
  const x = new Float32Array(rows * depth).map(() => Math.random() - 0.5)
  // Only the kernels count, as `stats` sees them, not the copy of the result by the caller.
  const milliseconds = await best(() => program.run({ x }, null))
  program.dispose()
  w.dispose()
  return { milliseconds, bytes: w.bytes }
}

async function copySpeed() {
  const from = new Float32Array(64 * 2 ** 18).fill(1)
  const to = new Float32Array(from.length)
  const milliseconds = await best(() => to.set(from))
  return (2 * from.byteLength) / milliseconds / 1e6
}

console.log(`memory copy, one thread: ${(await copySpeed()).toFixed(1)} GB/s read and written`)
for (const options of [{}, { threads: 1 }, { threads: 1, simd: 'baseline' }]) {
  const backend = await cpu(options)
  console.log(`\n${backend.limits.description}`)
  for (const [rows, columns, depth] of [
    [128, 512, 256],
    [128, 1024, 1024],
    [512, 512, 512],
  ]) {
    const results = []
    for (const encoding of ['f32', 'f16', 'q8', 'q4']) {
      const { milliseconds } = await layer(backend, rows, columns, depth, encoding)
      results.push(`${encoding} ${((2 * rows * columns * depth) / milliseconds / 1e6).toFixed(1)}`)
    }
    console.log(`  product ${rows} x ${columns} x ${depth}: ${results.join(', ')} GFLOP/s`)
  }
  for (const [columns, depth] of [
    [4096, 256],
    [4096, 4096],
  ]) {
    const results = []
    for (const encoding of ['f32', 'f16', 'q8', 'q4']) {
      const { milliseconds, bytes } = await layer(backend, 1, columns, depth, encoding)
      const speed = bytes / milliseconds / 1e6
      results.push(`${encoding} ${speed.toFixed(1)} GB/s (${(milliseconds * 1000).toFixed(0)} us)`)
    }
    console.log(`  one row x ${columns} x ${depth}: ${results.join(', ')}`)
  }
  backend.dispose()
}
