// Matrix products: correctness of each variant on fresh random numbers, then TFLOP/s.
// node packages/webgpu/bench/gemm.mjs [--quick]      (after pnpm build; --quick: tiny shapes, for software adapters)
import {
  AloneKernels,
  emitMatrixTile,
  emitRegisterTile,
  emitTiled,
  matrixTuning,
  openDevice,
} from '@retnet/webgpu/bench'

const quick = process.argv.includes('--quick')
const open = await openDevice({})
const { device, profile } = open
globalThis.keepAlive = open
console.log(
  `${profile.description}; matrices ${profile.matrix ? `${profile.matrix.m}x${profile.matrix.n}x${profile.matrix.k}` : 'none'}`,
)

// a new stream of random u32 each time
function fill(array, number) {
  let word = (Math.random() * 2 ** 32) | 1
  for (let at = 0; at < array.length; at++) {
    word ^= word << 13
    word ^= word >>> 17
    word ^= word << 5
    array[at] = number(word)
  }
  return array
}
// magnitudes from 0.25 to 1, both signs
const randomHalves = (size) => fill(new Uint16Array(size), (word) => (0x3400 + ((word >>> 8) & 2047)) | (word & 0x8000))
const randomFloats = (size) => fill(new Float32Array(size), (word) => word / 2 ** 31)
const randomBytes = (size) => fill(new Int8Array(size), (word) => Math.max(-127, word >> 24))
const cache = new Map()
function random(make, size) {
  const key = `${make.name} ${size}`
  if (!cache.has(key)) cache.clear()
  if (!cache.has(key)) cache.set(key, make(size))
  return cache.get(key)
}

function weightOf(encoding, columns, inner) {
  const type = { shape: [columns, inner], dtype: 'f32' }
  if (encoding === 'f16') return { type, encoding, data: randomHalves(columns * inner) }
  if (encoding === 'f32') return { type, encoding, data: randomFloats(columns * inner) }
  return {
    type,
    encoding,
    data: randomBytes(columns * inner),
    scales: new Float32Array(columns * Math.ceil(inner / 32)).fill(1 / 127),
  }
}

function reader(weight) {
  if (weight.encoding === 'f16') {
    const halves = new Float16Array(weight.data.buffer)
    return (at) => halves[at]
  }
  return weight.encoding === 'q8' ? (at) => weight.data[at] / 127 : (at) => weight.data[at]
}

async function bench({ label, m, n, k, encoding = 'f32', transposeA = false, transposeB = true, emit, rounded }) {
  const a = random(randomFloats, m * k)
  const weight = weightOf(encoding, transposeB ? n : k, transposeB ? k : n)
  const tensors = [
    { shape: transposeA ? [k, m] : [m, k], data: a },
    encoding === 'f32' ? { shape: weight.type.shape, data: weight.data } : { shape: weight.type.shape, weight },
    { shape: [m, n], data: null },
  ]
  const product = { a: 0, b: 1, y: 2, rows: m, inner: k, columns: n, batch: 1, transposeA, transposeB }
  let alone
  try {
    alone = await new AloneKernels(device, profile, tensors, (lowering) => emit(product, lowering)).prepare()
    alone.run()
    const error = await worst(alone, { m, n, k, a, b: reader(weight), transposeA, transposeB, rounded })
    await device.queue.onSubmittedWorkDone()
    const guess = await time(alone, 2)
    const times = quick ? 1 : Math.max(3, Math.min(40, Math.round(60 / guess)))
    // clocks rise under load: work before the first measurement, and the best of several
    const rounds = quick ? 1 : 4
    for (let round = 1; round < rounds; round++) await time(alone, times)
    let ms = Infinity
    for (let round = 0; round < rounds; round++) ms = Math.min(ms, await time(alone, times))
    const teraflops = (2 * m * n * k) / ms / 1e9
    const verdict = error < 5e-4 * Math.sqrt(k) ? 'ok' : 'WRONG'
    console.log(
      `${label.padEnd(46)} ${`${m}x${n}x${k}`.padEnd(17)} ${ms.toFixed(3).padStart(9)} ms ${teraflops.toFixed(1).padStart(7)} TFLOP/s  error ${error.toExponential(1)} ${verdict}`,
    )
    return verdict === 'ok' ? teraflops : 0
  } catch (error) {
    console.log(`${label.padEnd(46)} failed: ${String(error.message).replaceAll('\n', ' ').slice(0, 300)}`)
    return 0
  } finally {
    alone?.dispose()
  }
}

async function time(alone, times) {
  const begin = performance.now()
  alone.run(times)
  await device.queue.onSubmittedWorkDone()
  return (performance.now() - begin) / times
}

// largest difference from float64 over samples that include the corners; a number that was not written is NaN and counts as infinite
async function worst(alone, { m, n, k, a, b, transposeA, transposeB, rounded }) {
  let error = 0
  const rows = [0, m - 1, Math.floor(m / 2), ...Array.from({ length: 6 }, () => Math.floor(Math.random() * m))]
  for (const row of rows) {
    const actual = await alone.read(2, row * n, n)
    if (actual.some((value) => !Number.isFinite(value))) return Infinity
    for (const column of [0, n - 1, ...Array.from({ length: 14 }, () => Math.floor(Math.random() * n))]) {
      let sum = 0
      for (let i = 0; i < k; i++) {
        const left = a[transposeA ? i * m + row : row * k + i]
        sum += (rounded ? Math.f16round(left) : left) * b(transposeB ? column * k + i : i * n + column)
      }
      error = Math.max(error, Math.abs(actual[column] - sum))
    }
  }
  return error
}

const size = quick ? 200 : 4096
const square = { m: size, n: size, k: quick ? 64 : size }
const big = quick ? 0.03 : 1
let best = { tuning: matrixTuning, speed: 0 }
if (profile.matrix) {
  const cuts = [
    { depth: 32, rows: 64, ahead: false },
    { depth: 32, rows: 64, ahead: true },
    { depth: 32, rows: 32, ahead: false },
    { depth: 32, rows: 32, ahead: true },
    { depth: 16, rows: 64, ahead: true },
  ]
  for (const staging of ['halves', 'rotated', 'view']) {
    for (const cut of cuts) {
      const tuning = { ...cut, staging }
      const label = `matrix f16 ${staging} depth ${cut.depth} rows ${cut.rows}${cut.ahead ? ' ahead' : ''}`
      const emit = (product, lowering) => emitMatrixTile(product, lowering, tuning)
      const odd = await bench({ label, m: 1000, n: 1100, k: 1096, encoding: 'f16', rounded: true, emit })
      if (odd === 0) continue
      const speed = await bench({ label, ...square, encoding: 'f16', rounded: true, emit })
      if (speed > best.speed) best = { tuning, speed }
    }
  }
  console.log(`best: ${JSON.stringify(best.tuning)}; the default is ${JSON.stringify(matrixTuning)}`)
  const emit = (product, lowering) => emitMatrixTile(product, lowering, best.tuning)
  for (const [n, k] of [
    [2048, 2048],
    [4096, 2048],
    [2048, 4096],
    [12288, 2048],
  ]) {
    await bench({ label: 'matrix f16 best', m: 8192, n, k, encoding: 'f16', rounded: true, emit })
  }
  await bench({ label: 'matrix f16 best', m: 2048, n: 4096, k: 2048, encoding: 'f16', rounded: true, emit })
  for (const m of [32, 128, 512]) {
    await bench({ label: 'matrix f16 best, few rows', m, n: 4096, k: 2048, encoding: 'f16', rounded: true, emit })
  }
  await bench({ label: 'matrix q8 best', ...square, encoding: 'q8', rounded: true, emit })
  await bench({ label: 'matrix f16 best, [K, N]', ...square, encoding: 'f16', rounded: true, transposeB: false, emit })
}
for (const side of [64, 128]) {
  if (side === 128 && profile.maxWorkgroupSize < 256) continue
  const emit = (product, lowering) => emitRegisterTile(product, lowering, side)
  await bench({
    label: `register f32 ${side}, odd`,
    m: Math.ceil(1000 * big),
    n: Math.ceil(1101 * big),
    k: Math.ceil(1099 * big),
    emit,
  })
  await bench({ label: `register f32 ${side}`, ...square, emit })
  await bench({ label: `register f32 ${side}, NN`, ...square, transposeB: false, emit })
  await bench({ label: `register f32 ${side}, TN`, ...square, transposeA: true, transposeB: false, emit })
  await bench({ label: `register f16 ${side}`, ...square, encoding: 'f16', emit })
}
await bench({
  label: 'register f32, few rows',
  m: quick ? 20 : 32,
  n: size,
  k: quick ? 512 : 2048,
  emit: emitRegisterTile,
})
await bench({ label: 'plain f32', m: size / 4, n: size / 4, k: size / 4, emit: emitTiled })
await bench({ label: 'plain f32, NN', m: size / 4, n: size / 4, k: size / 4, transposeB: false, emit: emitTiled })
// last, for a driver that may not take matrices from vectors
if (profile.matrix) {
  const emit = (product, lowering) => emitMatrixTile(product, lowering, { ...matrixTuning, staging: 'vectors' })
  await bench({ label: 'matrix f16 vectors', ...square, encoding: 'f16', rounded: true, emit })
}
device.destroy()
process.exit(0)
