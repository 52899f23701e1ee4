/** Weights of pseudo-random numbers that never were in host memory: for measurements at sizes that nobody wants to upload. */
import { isQuantized, sizeOf, weightBlockSize, type TensorType, type WeightEncoding } from '@retnet/core'
import { literal } from '../compile/indexing.js'
import { kernel, write } from '../compile/kernel.js'
import { rowWords } from '../compile/packed.js'
import type { PipelineCache } from '../compile/pipelines.js'
import type { GpuMemory } from './gpu-memory.js'
import { GpuWeight, type GpuWeightPiece } from './gpu-weight.js'
import { cutRows } from './weight-pieces.js'

/** Uniform in [-range, range); the same seed gives the same numbers. */
export async function randomWeight(
  memory: GpuMemory,
  pipelines: PipelineCache,
  type: TensorType,
  encoding: WeightEncoding,
  seed: number,
  range: number,
): Promise<GpuWeight> {
  const columns = type.shape.at(-1)!
  const pieces: GpuWeightPiece[] = []
  for (const piece of cutRows(type, encoding, memory.largest)) {
    const rows = type.shape.length > 1 ? (sizeOf(type.shape) / columns / type.shape[0]) * piece.rows : 1
    const words = Math.ceil(rows * rowWords(encoding, columns))
    const data = memory.create(`random weight ${type.shape.join(' x ')}`, words * 4)
    const begin = Math.ceil(piece.first * rowWords(encoding, columns))
    await fill(memory, pipelines, data, words, numbersText(encoding, (seed + begin) >>> 0), range)
    const count = isQuantized(encoding) ? rows * Math.ceil(columns / weightBlockSize) : 0
    const scales = count > 0 ? memory.create('random scales', count * 4) : null
    const scale = `y[index] = bitcast<u32>(${literal(range / (encoding === 'q8' ? 128 : 8))});`
    if (scales) await fill(memory, pipelines, scales, count, scale, range)
    pieces.push({ ...piece, data, scales })
  }
  return new GpuWeight(memory, type, encoding, pieces)
}

function numbersText(encoding: WeightEncoding, seed: number): string {
  const value = {
    f32: 'bitcast<u32>(uniform(low))',
    f16: 'pack2x16float(vec2f(uniform(low), uniform(high)))',
    q8: 'bits',
    q4: 'bits',
  }[encoding]
  return `let bits = hash(index + ${seed}u);
let low = bits & 0xffffu; let high = bits >> 16u;
y[index] = ${value};`
}

async function fill(
  memory: GpuMemory,
  pipelines: PipelineCache,
  buffer: GPUBuffer,
  words: number,
  line: string,
  range: number,
): Promise<void> {
  const made = kernel({
    name: 'random',
    bindings: [write('y', { kind: 'scratch', index: 0 }, 'u32')],
    lanes: 64,
    workgroups: [Math.ceil(words / 64)],
    // M. O'Neill's PCG, one step
    declarations: `fn hash(v: u32) -> u32 { let s = v * 747796405u + 2891336453u; let w = ((s >> ((s >> 28u) + 4u)) ^ s) * 277803737u; return (w >> 22u) ^ w; }
fn uniform(bits: u32) -> f32 { return (f32(bits) / 32768.0 - 1.0) * ${literal(range)}; }`,
    body: `let index = group.x * 64u + lane;
if (index >= ${words}u) { return; }
${line}`,
  })
  const pipeline = await pipelines.get(made.name, made.code)
  const encoder = memory.device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  pass.setBindGroup(
    0,
    memory.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer } }],
    }),
  )
  pass.dispatchWorkgroups(...made.workgroups)
  pass.end()
  memory.device.queue.submit([encoder.finish()])
}
