// Prefill of a RetNet with random f16 weights made on the device: tokens/s by length of the pieces, and a table by kernel.
// node packages/webgpu/bench/prefill.mjs [--layers 24] [--width 2048] [--heads 8] [--tokens 8192] [--pieces 1024,2048,4096] [--chunks 64,128] [--tuning JSON of MatrixTuning]
import { parseArgs } from 'node:util'
import { create, globals } from 'webgpu'
import { consumeGraph, logitsGraph } from '@retnet/core'
import { matrixTuning } from '@retnet/webgpu/bench'
import { webgpu } from '@retnet/webgpu'
import { measureKernels } from './measure-kernels.mjs'

const { values } = parseArgs({
  options: Object.fromEntries(
    Object.entries({
      layers: '24',
      width: '2048',
      heads: '8',
      tokens: '8192',
      pieces: '1024,2048,4096',
      chunks: '64,128',
      tuning: '{}',
    }).map(([name, value]) => [name, { type: 'string', default: value }]),
  ),
})
const [layers, width, heads, tokens] = ['layers', 'width', 'heads', 'tokens'].map((name) => Number(values[name]))
const [pieces, chunks] = ['pieces', 'chunks'].map((name) => values[name].split(',').map(Number))

// the default of the package, changed for this process
Object.assign(matrixTuning, JSON.parse(values.tuning))

function spec(layerCount, vocabSize) {
  return {
    vocabSize,
    width,
    layers: layerCount,
    heads,
    keyValueHeads: heads,
    keyWidth: width,
    valueWidth: 2 * width,
    decay: 'power',
    scoreScale: 'query',
    rowNorm: 'none',
    rotary: { layout: 'half', frequencies: 'standard', base: 10_000 },
    norm: { kind: 'rms', epsilon: 1e-6, bias: false },
    headNorm: { kind: 'rms', epsilon: 1e-5, affine: false },
    gate: 'silu',
    feedForward: { kind: 'glu', width: 2 * width, activation: 'silu', bias: false, innerNorm: null },
    bias: { projections: false, output: false, head: false },
    embeddingScale: 1,
    embeddingNorm: false,
    normPlacement: 'pre',
    finalNorm: true,
    residualScale: 1,
    tiedHead: false,
  }
}

Object.assign(globalThis, globals)
const on =
  'allow_unsafe_apis,vulkan_enable_f16_on_nvidia,use_vulkan_memory_model,disable_robustness,disable_workgroup_init'
const gpu = create([`enable-dawn-features=${on}`, 'disable-dawn-features=timestamp_quantization'])
const adapter = await gpu.requestAdapter()
globalThis.keepAlive = [gpu, adapter]
const wanted = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix', 'timestamp-query']
const names = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxStorageBuffersPerShaderStage',
]
const device = await adapter.requestDevice({
  requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
  requiredLimits: Object.fromEntries(names.map((name) => [name, adapter.limits[name]])),
})
device.addEventListener('uncapturederror', ({ error }) => console.log(`device error: ${error.message.slice(0, 400)}`))

const fill = device.createComputePipeline({
  layout: 'auto',
  compute: {
    module: device.createShaderModule({
      code: `struct Job { seed: u32, words: u32, scale: f32 }
@group(0) @binding(0) var<storage, read_write> y: array<u32>;
@group(0) @binding(1) var<uniform> job: Job;
fn random(at: u32) -> f32 {
  var h = (at + job.seed * 0x9e3779b9u) * 0x85ebca6bu; h = (h ^ (h >> 13u)) * 0xc2b2ae35u; h = (h ^ (h >> 16u)) * 0x27d4eb2fu; h = h ^ (h >> 15u);
  return (f32(h) / 4294967296.0 - 0.5) * job.scale;
}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var at = id.x; at < job.words; at += groups.x * 64u) { y[at] = pack2x16float(vec2f(random(2u * at), random(2u * at + 1u))); }
}`,
    }),
    entryPoint: 'main',
  },
})

/** Matrices: f16, uniform with the variance 1 / columns. Vectors (norms): ones. */
async function randomWeights(backend, graph) {
  const zeros = new Map()
  const weights = {}
  let seed = 1
  for (const { name, value } of graph.parameters) {
    const { shape } = graph.types[value]
    const size = shape.reduce((product, extent) => product * extent, 1)
    const type = { shape, dtype: 'f32' }
    if (shape.length === 1) {
      weights[name] = await backend.upload({ type, encoding: 'f32', data: new Float32Array(size).fill(1) })
      continue
    }
    if (!zeros.has(size)) zeros.set(size, new Uint16Array(size))
    weights[name] = await backend.upload({ type, encoding: 'f16', data: zeros.get(size) })
    const job = device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST })
    device.queue.writeBuffer(job, 0, new Uint32Array([seed++, size / 2]))
    device.queue.writeBuffer(job, 8, new Float32Array([Math.sqrt(12 / shape[1])]))
    const entries = [weights[name].buffer('data', 0), job].map((buffer, binding) => ({ binding, resource: { buffer } }))
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(fill)
    pass.setBindGroup(0, device.createBindGroup({ layout: fill.getBindGroupLayout(0), entries }))
    pass.dispatchWorkgroups(4096)
    pass.end()
    device.queue.submit([encoder.finish()])
  }
  await device.queue.onSubmittedWorkDone()
  return weights
}

const randomTokens = (count, vocabulary) =>
  Int32Array.from({ length: count }, () => Math.floor(Math.random() * vocabulary))

/** The same two layers and tokens at the best profile and in f32 without matrices: logits relative to their root mean square. */
async function compare() {
  const length = Math.min(tokens, 201)
  const graph = logitsGraph(spec(2, 256), { rows: 1, length })
  const inputs = { tokens: randomTokens(length, 256), mask: new Int32Array(length).fill(1, 5) }
  const logits = []
  for (const options of [{}, { profile: 'basic' }, { profile: 'basic', form: 'recurrent' }]) {
    const backend = await webgpu({ device, profile: options.profile, poison: true })
    const program = await backend.compile(graph, { weights: await randomWeights(backend, graph), form: options.form })
    logits.push((await program.run(inputs, program.createState())).logits)
    if (logits.length === 1)
      console.log(
        `check kernels: ${Object.entries(program.stats().kernels)
          .filter(([name]) => /mat|ret/.test(name))
          .map(([name, count]) => `${name} ${count}`)
          .join(', ')}`,
      )
  }
  const [best, plain, recurrent] = logits
  const root = Math.sqrt(recurrent.reduce((sum, value) => sum + value * value, 0) / recurrent.length)
  const errors = [best, plain].map((actual) => {
    let [worst, squares] = [0, 0]
    actual.forEach((value, at) => {
      const error = Math.abs(value - recurrent[at]) / root
      worst = error <= worst ? worst : Number.isFinite(error) ? error : Infinity
      squares += error * error
    })
    return `worst ${worst.toExponential(1)}, rms ${Math.sqrt(squares / actual.length).toExponential(1)}`
  })
  console.log(
    `check of ${length} tokens, 2 layers, error of logits against recurrent f32: best profile ${errors[0]}; f32 chunkwise ${errors[1]}`,
  )
}

async function prefill(backend, weights, model, piece, chunk) {
  const graph = consumeGraph(model, { rows: 1, length: piece })
  const program = await backend.compile(graph, { weights, chunk })
  const state = program.createState()
  const all = randomTokens(tokens, model.vocabSize)
  const mask = new Int32Array(piece).fill(1)
  const pass = async () => {
    for (let at = 0; at + piece <= tokens; at += piece)
      await program.run({ tokens: all.subarray(at, at + piece), mask }, state)
    await device.queue.onSubmittedWorkDone()
  }
  await pass()
  let ms = Infinity
  for (let round = 0; round < 3; round++) {
    const begin = performance.now()
    await pass()
    ms = Math.min(ms, performance.now() - begin)
  }
  const { dispatches, bytes } = program.stats()
  console.log(
    `pieces of ${piece}, chunk ${chunk}: ${ms.toFixed(1)} ms, ${((tokens / ms) * 1000).toFixed(0)} tokens/s, ${dispatches} dispatches a piece, ${(bytes / 2 ** 20).toFixed(0)} MiB`,
  )
  return { ms, piece, chunk, pass, dispose: () => [state, program].forEach((owned) => owned.dispose()) }
}

console.log(`${adapter.info.description}: ${layers} layers, width ${width}, ${heads} heads, ${tokens} tokens`)
await compare()
const model = spec(layers, 32_000)
const backend = await webgpu({ device })
const weights = await randomWeights(backend, consumeGraph(model, { rows: 1, length: 16 }))
let best = null
for (const piece of pieces.filter((length) => length <= tokens)) {
  for (const chunk of chunks) {
    const made = await prefill(backend, weights, model, piece, chunk)
    if (best && best.ms <= made.ms) made.dispose()
    else {
      best?.dispose()
      best = made
    }
  }
}
if (device.features.has('timestamp-query')) {
  const measure = measureKernels(device)
  await best.pass()
  const times = [...(await measure.stop())].sort(([, a], [, b]) => b.ms - a.ms)
  const total = times.reduce((sum, [, { ms }]) => sum + ms, 0)
  console.log(`by kernel, pieces of ${best.piece}, chunk ${best.chunk}, ${tokens} tokens:`)
  for (const [name, { ms, count }] of times) {
    console.log(
      `${name.padEnd(24)} ${ms.toFixed(2).padStart(9)} ms ${((100 * ms) / total).toFixed(1).padStart(5)} % ${String(count).padStart(6)} dispatches ${((1000 * ms) / count).toFixed(1).padStart(9)} us each`,
    )
  }
  console.log(`sum ${total.toFixed(1)} ms`)
}
device.destroy()
process.exit(0)
