/**
 * Decode speed of RetNets of random weights against what the memory of this device allows.
 *
 *   node bench/decode.mjs [--models 1.3B,6.7B] [--rows 1,32] [--encodings f16] [--layers N] [--steps N] [--vocab N]
 *                         [--check] [--profile] [--sweep lanes=64:128,columns=2:4] [--unfused] [--dawn flag]...
 *
 * --check compares the fused with the unfused program; --profile prints the time of each kind of kernel; --sweep does so for every
 * combination of sizes of kernels (KernelTuning). Needs the built packages and, in Node, the package `webgpu`.
 */
import { parseArgs } from 'node:util'
import { nextTokenGraph, parameterShapes, stateBytes } from '@retnet/core'
import { webgpu } from '@retnet/webgpu'

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: '1.3B,6.7B' },
    rows: { type: 'string', default: '1,32' },
    encodings: { type: 'string', default: 'f16' },
    layers: { type: 'string' },
    steps: { type: 'string', default: '32' },
    vocab: { type: 'string', default: '32000' },
    check: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    sweep: { type: 'string' },
    unfused: { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
    level: { type: 'string' },
    dawn: { type: 'string', multiple: true, default: [] },
  },
})

// 14 width^2 weights a layer: [6D, D], [D, 2D], [4D, D], [D, 2D]
const sizes = {
  tiny: { width: 64, layers: 2, heads: 2 },
  '1.3B': { width: 2048, layers: 24, heads: 8 },
  '6.7B': { width: 4096, layers: 32, heads: 16 },
}

function specOf(name) {
  const { width, layers, heads } = sizes[name]
  return {
    vocabSize: Number(options.vocab),
    width,
    layers: Number(options.layers ?? layers),
    heads,
    keyValueHeads: heads,
    keyWidth: width,
    valueWidth: 2 * width,
    decay: 'power',
    scoreScale: 'query',
    rowNorm: 'none',
    rotary: { layout: 'half', frequencies: 'standard', base: 10_000 },
    norm: { kind: 'rms', epsilon: 1e-6, bias: false },
    headNorm: { kind: 'rms', epsilon: 1e-6, affine: true },
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

async function makeWeights(backend, spec, encoding) {
  const weights = {}
  let seed = 1
  for (const [name, shape] of parameterShapes(spec)) {
    if (shape.length === 1) {
      const data = new Float32Array(shape[0]).fill(1)
      weights[name] = await backend.upload({ type: { dtype: 'f32', shape }, encoding: 'f32', data })
    } else {
      // sums of K such products keep the size of their input; the blocks add to the stream rather than drown it
      const range = name === 'embedding.weight' ? 1.7 : 0.5 * Math.sqrt(3 / shape[1])
      weights[name] = await backend.randomWeight(shape, encoding, { seed: seed++ * 0x9e3779b1, range })
    }
  }
  return weights
}

/** Bytes a second, read and written, of a kernel that copies `bytes`. */
async function copyBandwidth(device, bytes) {
  const usage = GPUBufferUsage.STORAGE
  const [from, to] = [0, 1].map(() => device.createBuffer({ size: bytes, usage }))
  const words = bytes / 16
  const code = `@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<u32>>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * 4096u + group.x) * 1024u + lane;
  let a = x[index]; let b = x[index + 256u]; let c = x[index + 512u]; let d = x[index + 768u];
  y[index] = a; y[index + 256u] = b; y[index + 512u] = c; y[index + 768u] = d;
}`
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }) },
  })
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [from, to].map((buffer, binding) => ({ binding, resource: { buffer } })),
  })
  const groups = words / 1024
  const times = []
  const repeat = 16
  for (let run = 0; run < 6; run++) {
    const begin = performance.now()
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group)
    for (let i = 0; i < repeat; i++) pass.dispatchWorkgroups(Math.min(4096, groups), Math.ceil(groups / 4096))
    pass.end()
    device.queue.submit([encoder.finish()])
    await device.queue.onSubmittedWorkDone()
    times.push((performance.now() - begin) / repeat)
  }
  from.destroy()
  to.destroy()
  return (2 * bytes) / (Math.min(...times) / 1000)
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

function tokensOf(spec, rows, step = 0) {
  return {
    tokens: Int32Array.from({ length: rows }, (_, row) => (31 * row + 17 * step + 5) % spec.vocabSize),
    mask: new Int32Array(rows).fill(1),
  }
}

async function measure(program, spec, rows, limit, label) {
  const steps = Number(options.steps)
  using state = program.createState()
  const inputs = tokensOf(spec, rows)
  // clocks rise under load only
  const warm = performance.now()
  while (performance.now() - warm < 1000) await program.runMany(inputs, state, steps)
  const times = []
  const encodes = []
  for (let run = 0; run < 7; run++) {
    const begin = performance.now()
    const { encodeMilliseconds } = await program.runMany(inputs, state, steps)
    encodes.push(encodeMilliseconds / steps)
    times.push((performance.now() - begin) / steps)
  }
  const ms = median(times)
  const encode = median(encodes)
  print(
    `${label}: ${ms.toFixed(3)} ms a step (best ${Math.min(...times).toFixed(3)}), ${((1000 / ms) * rows).toFixed(0)} tokens/s, ` +
      `${program.stats().dispatches} dispatches, encode ${encode.toFixed(3)} ms, limit ${limit.toFixed(3)} ms = ${((100 * limit) / ms).toFixed(1)} %`,
  )
  return ms
}

async function profile(program, bandwidth, label) {
  using state = program.createState()
  await program.timeKernels(state, 1)
  const times = (await program.timeKernels(state, 4)).toSorted((a, b) => b.microseconds - a.microseconds)
  print(`\n${label}`)
  print('kernel                count  groups   us/step    us each    GB/s   share of copy   lost us/step')
  let lost = 0
  for (const { name, count, workgroups, microseconds, bytes } of times) {
    // a look-up reads a few rows of its table
    const moved = name.startsWith('embed') ? 0 : bytes
    const rate = moved / (microseconds / 1e6)
    const gap = microseconds - (moved / bandwidth) * 1e6
    lost += gap
    print(
      `${name.padEnd(20)} ${String(count).padStart(6)} ${String(workgroups).padStart(7)} ${microseconds.toFixed(1).padStart(9)} ` +
        `${(microseconds / count).toFixed(2).padStart(10)} ${(rate / 1e9).toFixed(0).padStart(7)} ${((100 * rate) / bandwidth).toFixed(1).padStart(13)} % ${gap.toFixed(1).padStart(12)}`,
    )
  }
  const total = times.reduce((sum, { microseconds }) => sum + microseconds, 0)
  print(`all kernels ${total.toFixed(1)} us a step, of which above the limit ${lost.toFixed(1)}`)
}

async function sweep(backend, graph, weights, bandwidth) {
  for (const tune of grid(list(options.sweep))) {
    using program = await backend.compile(graph, { weights, tune: { fuse: true, ...tune } })
    using state = program.createState()
    await program.timeKernels(state, 1)
    const times = await program.timeKernels(state, 4)
    const cells = times
      .filter(({ name }) => name.startsWith(tune.tile ? 'retention' : 'product'))
      .toSorted((a, b) => a.name.localeCompare(b.name) || a.bytes - b.bytes)
      .map(({ name, count, microseconds, bytes }) => {
        const share = (100 * bytes) / (microseconds / 1e6) / bandwidth
        return `${name.replace('product.', '')} x${count} ${(microseconds / count).toFixed(1)} us ${share.toFixed(0)} %`
      })
    print(`${JSON.stringify(tune)}: ${cells.join(' | ')}`)
  }
}

/** `a=1:2,b=3` as [{ a: 1, b: 3 }, { a: 2, b: 3 }]. */
function grid(axes) {
  return axes.reduce(
    (all, axis) => {
      const [name, values] = axis.split('=')
      return all.flatMap((tune) => values.split(':').map((value) => ({ ...tune, [name]: Number(value) })))
    },
    [{}],
  )
}

async function check(backend, spec, graph, weights, rows, fused) {
  using plain = await backend.compile(graph, { weights, tune: { fuse: false } })
  using a = fused.createState()
  using b = plain.createState()
  let worst = 0
  for (let step = 0; step < 3; step++) {
    const inputs = tokensOf(spec, rows, step)
    if (rows > 1) inputs.mask[step % rows] = step === 1 ? 0 : 1
    const [x, y] = [await fused.run(inputs, a), await plain.run(inputs, b)]
    worst = Math.max(worst, distance(x.logits, y.logits))
  }
  // a larger state does not fit into one buffer of the host
  const readable = rows * stateBytes(spec) < 2 ** 30
  const [x, y] = readable ? [await a.read(), await b.read()] : [{}, {}]
  const states = Math.max(0, ...Object.keys(x).map((name) => distance(x[name], y[name])))
  // subgroup matrices round x to halves
  const tolerance = Object.keys(fused.stats().kernels).some((kernel) => kernel.endsWith('matrix')) ? 2e-2 : 1e-3
  const verdict = worst < tolerance && states < tolerance ? 'ok' : 'WRONG'
  print(
    `  check: logits differ by ${worst.toExponential(1)}, states ${readable ? `by ${states.toExponential(1)}` : '(not read)'} of the largest number: ${verdict}`,
  )
  if (verdict !== 'ok') process.exitCode = 1
}

function distance(actual, expected) {
  let [gap, top] = [0, 0]
  for (let at = 0; at < expected.length; at++) {
    const difference = Math.abs(actual[at] - expected[at])
    gap = difference <= gap ? gap : difference
    top = Math.max(top, Math.abs(expected[at]))
  }
  return Number.isFinite(top) && top > 0 ? gap / top : Number.POSITIVE_INFINITY
}

function print(line) {
  process.stdout.write(`${line}\n`)
}

const list = (text) => text.split(',').filter(Boolean)
const backend = await webgpu({
  profile: options.level,
  timestamps: options.profile || options.sweep !== undefined,
  dawn: ['disable-dawn-features=timestamp_quantization', ...options.dawn],
})
print(backend.limits.description)
// far larger than any cache, far smaller than the memory
const copyBytes =
  options.models === 'tiny'
    ? 2 ** 24
    : 2 ** Math.floor(Math.log2(backend.device.limits.maxStorageBufferBindingSize / 4))
const bandwidth = await copyBandwidth(backend.device, copyBytes)
print(`copy kernel: ${(bandwidth / 1e9).toFixed(0)} GB/s read + written\n`)
const tune = options.force ? { fuse: true, barriers: true } : {}
for (const name of list(options.models)) {
  for (const encoding of list(options.encodings)) {
    const spec = specOf(name)
    const weights = await makeWeights(backend, spec, encoding)
    // a step reads a few rows of the embedding table
    const weightBytes = Object.entries(weights).reduce(
      (sum, [key, weight]) => sum + (key === 'embedding.weight' ? 0 : weight.bytes),
      0,
    )
    for (const rows of list(options.rows).map(Number)) {
      const label = `${name} ${encoding} B=${rows}`
      const graph = nextTokenGraph(spec, { rows, length: 1 })
      const begin = performance.now()
      using program = await backend.compile(graph, { weights, tune })
      const compiled = performance.now() - begin
      const moved = weightBytes + 2 * rows * stateBytes(spec)
      const limit = (moved / bandwidth) * 1000
      print(
        `${label}: ${spec.layers} layers, weights ${(weightBytes / 1e9).toFixed(2)} GB, states ${((rows * stateBytes(spec)) / 1e9).toFixed(2)} GB, compiled in ${compiled.toFixed(0)} ms`,
      )
      if (options.check) await check(backend, spec, graph, weights, rows, program)
      await measure(program, spec, rows, limit, `${label} fused`)
      if (options.unfused) {
        using plain = await backend.compile(graph, { weights, tune: { fuse: false } })
        await measure(plain, spec, rows, limit, `${label} unfused`)
      }
      if (options.profile) await profile(program, bandwidth, label)
      if (options.sweep) await sweep(backend, graph, weights, bandwidth)
    }
    for (const weight of Object.values(weights)) weight.dispose()
  }
}
backend.dispose()
