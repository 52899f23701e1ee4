// Tokens per second of a RetNet with random weights: token by token and in chunks of 128. Run after `pnpm build`:
// node bench/model.mjs [encoding] [options of the backend] [fields of the specification, as '{"width":768,"keyWidth":768,...}']
import { Model, parameterShapes } from '@retnet/core'
import { cpu } from '../dist/index.js'

const encodings = process.argv[2] ? process.argv[2].split(',') : ['f32', 'f16', 'q8', 'q4']
const options = JSON.parse(process.argv[3] ?? '{}')
const spec = {
  vocabSize: 4096,
  width: 256,
  layers: 6,
  heads: 4,
  keyValueHeads: 4,
  keyWidth: 256,
  valueWidth: 512,
  decay: 'power',
  scoreScale: 'query',
  rowNorm: 'none',
  rotary: { layout: 'half', frequencies: 'standard', base: 10000 },
  norm: { kind: 'rms', epsilon: 1e-6, bias: false },
  headNorm: { kind: 'rms', epsilon: 1e-6, affine: true },
  gate: 'silu',
  feedForward: { kind: 'glu', width: 512, activation: 'silu', bias: false, innerNorm: null },
  bias: { projections: false, output: false, head: false },
  embeddingScale: 1,
  embeddingNorm: false,
  normPlacement: 'pre',
  finalNorm: true,
  residualScale: 1,
  tiedHead: true,
  ...JSON.parse(process.argv[4] ?? '{}'),
}

function weight(shape, encoding) {
  const size = shape.reduce((product, extent) => product * extent, 1)
  const type = { dtype: 'f32', shape }
  const values = new Float32Array(size).map(() => (shape.length === 1 ? 1 : (Math.random() - 0.5) * 0.1))
  if (encoding === 'f32' || shape.length === 1) return { type, encoding: 'f32', data: values }
  if (encoding === 'f16')
    return {
      type,
      encoding,
      data: new Uint16Array(size).map(() => 0x2800 + Math.random() * 1024 + (Math.random() < 0.5 ? 0x8000 : 0)),
    }
  const scales = new Float32Array(size / 32).fill(encoding === 'q8' ? 0.05 / 127 : 0.05 / 8)
  const data =
    encoding === 'q8'
      ? new Int8Array(size).map(() => Math.random() * 254 - 127)
      : new Uint8Array(size / 2).map(() => Math.random() * 256)
  return { type, encoding, data, scales }
}

async function rate(run, tokens, seconds = 1.5) {
  await run()
  let least = Infinity
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    const start = performance.now()
    await run()
    least = Math.min(least, performance.now() - start)
  }
  return (tokens / least) * 1000
}

for (const encoding of encodings) {
  const backend = await cpu(options)
  const model = await Model.create({
    spec,
    backend,
    fingerprint: () => 'random',
    weights: [...parameterShapes(spec)].map(([name, shape]) => [name, weight(shape, encoding)]),
  })
  const state = await model.createState()
  const next = await model.program('next', { rows: 1, length: 1 })
  const chunk = await model.program('logits', { rows: 1, length: 128 })
  const tokens = Int32Array.from({ length: 128 }, (_, index) => (index * 37) % spec.vocabSize)
  const mask = new Int32Array(128).fill(1)
  const steps = 8
  const decode = await rate(async () => {
    for (let i = 0; i < steps; i++)
      await next.run({ tokens: tokens.subarray(i, i + 1), mask: mask.subarray(0, 1) }, state)
  }, steps)
  const prefill = await rate(() => chunk.run({ tokens, mask }, state), 128)
  const consume = await model.program('consume', { rows: 1, length: 128 })
  const taken = await rate(() => consume.run({ tokens, mask }, state), 128)
  const bytes = (decode * model.weightBytes) / 1e9
  console.log(
    `${encoding}, ${backend.limits.description}: decode ${decode.toFixed(0)} tokens/s (${bytes.toFixed(1)} GB/s of weights), ` +
      `prefill ${prefill.toFixed(0)} tokens/s with logits, ${taken.toFixed(0)} without`,
  )
  console.log(`  decode: ${next.stats().dispatches} records, ${JSON.stringify(next.stats().kernels)}`)
  console.log(`  chunk: ${JSON.stringify(chunk.stats().kernels)}`)
  model.dispose()
  backend.dispose()
}
