/**
 * Every kernel of a model whose sizes suit the tiles, at the levels of the ladder that no software adapter offers: valid WGSL by the
 * word of Dawn's null backend, which has all features and computes nothing.
 */
import {
  type DeviceWeight,
  type Graph,
  type RetNetSpec,
  type WeightEncoding,
  consumeGraph,
  decodeGraph,
  gradient,
  lossGraph,
  nextTokenGraph,
} from '@retnet/core'
import { tinySpec } from '@retnet/conformance'
import { create, globals } from 'webgpu'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Profile, ProfileName } from '../device/profile.js'
import type { StateDtype } from '../memory/state-storage.js'
import type { Kernel } from './kernel.js'
import { lower } from './lower.js'

const spec: RetNetSpec = {
  ...tinySpec('glu'),
  vocabSize: 500,
  width: 256,
  keyWidth: 256,
  valueWidth: 512,
  feedForward: { ...tinySpec('glu').feedForward, width: 512 },
}

const profileOf = (name: ProfileName): Profile => ({
  f16: name === 'matrix' || name === 'f16',
  subgroups: true,
  subgroupSize: 32,
  matrix: name === 'matrix' ? { m: 16, n: 16, k: 16 } : null,
  barriers: true,
  fuse: true,
  tune: {},
  maxWorkgroupSize: 1024,
  maxWorkgroupBytes: 49_152,
  maxStorageBuffers: 10,
  maxBindingBytes: 2 ** 27,
  maxBufferBytes: 2 ** 27,
  description: name,
})

const graphs: Record<string, Graph> = {
  'a step': nextTokenGraph(spec, { rows: 1, length: 1 }),
  'a step of eight rows': nextTokenGraph(spec, { rows: 8, length: 1 }),
  'a step of 33 rows that draws': decodeGraph(spec, 33, { history: true, bias: true }),
  'a text': consumeGraph(spec, { rows: 1, length: 256 }),
  training: gradientOf(lossGraph(spec, { rows: 2, length: 64 })),
}

// the instance must live as long as the device
let instance: GPU
let device: GPUDevice
beforeAll(async () => {
  Object.assign(globalThis, globals)
  instance = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis'])
  const requiredFeatures = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'] as GPUFeatureName[]
  device = await (await instance.requestAdapter())!.requestDevice({ requiredFeatures })
})
afterAll(() => device.destroy())

test.each(
  (['matrix', 'f16', 'subgroups'] as const).flatMap((profile) =>
    (['f32', 'f16', 'q8', 'q4'] as const).map((encoding) => [profile, encoding] as const),
  ),
)('all kernels of %s with %s weights are valid WGSL', async (profile, encoding) => {
  const kernels = new Map<string, Kernel>()
  for (const graph of Object.values(graphs)) {
    for (const stateDtype of ['f32', 'f16'] as const) {
      for (const made of lowered(graph, profileOf(profile), encoding, stateDtype)) kernels.set(made.code, made)
    }
  }
  const matrices = [...kernels.values()].filter(({ code }) => code.includes('subgroup_matrix'))
  expect([kernels.size > 40, matrices.length > 0]).toEqual([true, profile === 'matrix' && encoding !== 'f32'])
  for (const made of kernels.values()) expect(await complaints(made), made.name).toEqual([])
})

function gradientOf(graph: Graph): Graph {
  return gradient(graph, { loss: 'loss' })
}

function lowered(graph: Graph, profile: Profile, matrices: WeightEncoding, stateDtype: StateDtype): readonly Kernel[] {
  const weights = graph.parameters.map(({ name, value }): [string, DeviceWeight] => {
    const type = graph.types[value]
    const encoding = type.shape.length === 2 ? matrices : 'f32'
    return [name, { type, encoding, bytes: 0, dispose() {}, [Symbol.dispose]() {} }]
  })
  return lower(graph, profile, { weights: Object.fromEntries(weights), stateDtype }).kernels
}

async function complaints({ code }: Kernel): Promise<string[]> {
  device.pushErrorScope('validation')
  const { messages } = await device.createShaderModule({ code }).getCompilationInfo()
  const error = await device.popErrorScope()
  return [...messages.map(({ lineNum, message }) => `${lineNum}: ${message}`), ...(error ? [error.message] : [])]
}
