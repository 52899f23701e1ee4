// The functions behind a draw, on the device, against float64.
import { philox } from '@retnet/generate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenDevice, openDevice } from '../../device/open-device.js'
import { GpuMemory } from '../../memory/gpu-memory.js'
import { encodeReads } from '../../memory/read-buffers.js'
import { findSoftwareAdapter } from '../../testing/software-adapter.js'
import { expFunction, finishTimeFunction, keyFunctions } from './exact-math.js'
import { philoxFunction } from './philox.js'

const missing = await findSoftwareAdapter()
const onDevice = test.skipIf(missing !== null)
const because = missing === null ? '' : ` (${missing})`

let open: OpenDevice
beforeAll(async () => {
  if (missing === null) open = await openDevice({ profile: 'basic' })
})
afterAll(() => open?.device.destroy())

const word = 2 ** 32
/** Both ends, powers of two and what lies beside them, and numbers in between. */
const words = Uint32Array.from([
  ...Array.from({ length: 33 }, (_, bit) => [2 ** bit - 2, 2 ** bit - 1, 2 ** bit, 2 ** bit + 1]).flat(),
  ...Array.from({ length: 2000 }, (_, at) => Math.floor((at * word) / 2000 + at * 977)),
]).filter((n) => n < word)

onDevice(`-ln(1 - v) is good to 3e-7 for every v, however near to 0 or to 1${because}`, async () => {
  const times = await map(finishTimeFunction, 'bitcast<u32>(finishTime(x))', words)
  const errors = Array.from(new Float32Array(times.buffer), (time, at) => {
    const expected = -Math.log1p(-(words[at] + 0.5) / word)
    return Math.abs(time / expected - 1)
  })
  expect(Math.max(...errors)).toBeLessThan(3e-7)
})

onDevice(`exp is good to 3e-7 from -87 to 0, and 1 at 0${because}`, async () => {
  const x = Float32Array.from({ length: 3001 }, (_, at) => (-87 * at) / 3000)
  const values = await map(expFunction, 'bitcast<u32>(expOf(bitcast<f32>(x)))', new Uint32Array(x.buffer))
  const errors = Array.from(new Float32Array(values.buffer), (value, at) => Math.abs(value / Math.exp(x[at]) - 1))
  expect(Math.max(...errors)).toBeLessThan(3e-7)
  expect(errors[0]).toBe(0)
})

onDevice(`keys are in the order of the numbers, -0 is 0, and the numbers come back${because}`, async () => {
  const sorted = Float32Array.of(-3.4e38, -1e30, -2, -1.5, -1e-37, 0, 1e-37, 1, 1.5, 2, 1e30, 3.4e38)
  const bits = new Uint32Array(Float32Array.of(...sorted, -0).buffer)
  const keys = [...(await map(keyFunctions, 'keyOf(bitcast<f32>(x))', bits))]
  expect(keys[12]).toBe(keys[5])
  expect(keys.slice(0, 12)).toEqual(keys.slice(0, 12).sort((a, b) => a - b))
  expect(new Set(keys).size).toBe(12)
  expect(Math.min(...keys)).toBeGreaterThan(0)
  const back = await map(keyFunctions, 'bitcast<u32>(valueOf(x))', Uint32Array.from(keys))
  expect([...new Float32Array(back.buffer)]).toEqual([...sorted, 0])
})

onDevice(`random numbers are those of Philox4x32-10${because}`, async () => {
  const numbers = await map(philoxFunction, 'philox(vec4u(x, x ^ 77u, ~x, x * 3u), vec2u(x + 5u, ~x))[x & 3u]', words)
  const out = new Uint32Array(4)
  const expected = words.map((x) => {
    philox(out, x, x ^ 77, ~x, Math.imul(x, 3), x + 5, ~x)
    return out[x & 3]
  })
  expect(numbers).toEqual(expected)
})

/** `expression` of each `x`, in WGSL with `declarations`. */
async function map(declarations: string, expression: string, x: Uint32Array<ArrayBuffer>): Promise<Uint32Array> {
  const { device, profile } = open
  const memory = new GpuMemory(device, profile, false)
  const [given, made] = [memory.upload('x', x), memory.create('y', x.byteLength)]
  const code = `@group(0) @binding(0) var<storage, read> given: array<u32>;
@group(0) @binding(1) var<storage, read_write> made: array<u32>;
${declarations}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= ${x.length}u) { return; }
  let x = given[id.x];
  made[id.x] = ${expression};
}`
  const compute = { module: device.createShaderModule({ code }), entryPoint: 'main' }
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute })
  const entries = [given, made].map((buffer, binding) => ({ binding, resource: { buffer } }))
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
  pass.dispatchWorkgroups(Math.ceil(x.length / 64))
  pass.end()
  const finish = encodeReads(device, encoder, [{ buffer: made, type: { dtype: 'i32', shape: [x.length] } }])
  device.queue.submit([encoder.finish()])
  const [values] = await finish()
  for (const buffer of [given, made]) memory.destroy(buffer)
  return new Uint32Array(values.buffer as ArrayBuffer)
}
