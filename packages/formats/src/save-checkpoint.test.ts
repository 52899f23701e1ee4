import { mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fingerprint, type WeightData, type WeightEncoding, decodeWeight, reference } from '@retnet/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { openCheckpoint } from './checkpoint.js'
import { OptionError, SafetensorsError } from './errors.js'
import { ConfigError } from './families/config-error.js'
import { nodeFolder } from './folders/node-folder.js'
import { loadCheckpoint } from './load-model.js'
import { saveCheckpoint } from './save-checkpoint.js'
import { encodeSafetensors } from './safetensors/encode-safetensors.js'
import { openFile } from './sources/file-source.js'
import { openSafetensors } from './safetensors/open-safetensors.js'
import { streamWeights } from './weights/weight-stream.js'

const fixtures = new URL('../../../fixtures/', import.meta.url).pathname
const source = (name: string) => nodeFolder(`${fixtures}${name}`)

let place: string
let count = 0
beforeAll(async () => void (place = await mkdtemp(join(tmpdir(), 'retnet-'))))
const fresh = () => join(place, String(count++))

async function saved(name: string, dtype: WeightEncoding) {
  const path = fresh()
  await saveCheckpoint(await source(name), path, { dtype })
  return path
}

/** Every weight as it would be uploaded. */
async function weightsOf(path: string, dtype: WeightEncoding) {
  using checkpoint = await openCheckpoint(await nodeFolder(path))
  const weights: [string, WeightData][] = []
  for await (const [name, weight] of streamWeights({ ...checkpoint, dtype }, new Fingerprint()))
    weights.push([name, weight])
  return weights
}

async function logitsOf(path: string, dtype?: WeightEncoding) {
  using backend = reference()
  using loaded = await loadCheckpoint(await nodeFolder(path), { backend, ...(dtype && { dtype }) })
  const program = await loaded.model.program('logits', { rows: 1, length: 5 })
  using state = program.createState()
  const inputs = { tokens: Int32Array.of(3, 1, 4, 1, 5), mask: new Int32Array(5).fill(1) }
  return (await program.run(inputs, state)).logits
}

describe('a saved checkpoint', () => {
  // rows that end in the middle of a block, a stacked projection, tied and untied heads
  const names = ['torchscale-options', 'fla-base', 'fla-mqa', 'syncdoth-ffn-lmdecay']
  test.each(names.flatMap((name) => (['f32', 'f16', 'q8', 'q4'] as const).map((dtype) => [name, dtype] as const)))(
    'of %s in %s holds the weights of the original loaded so',
    async (name, dtype) => {
      const path = await saved(name, dtype)
      expect(await weightsOf(path, dtype)).toEqual(await weightsOf(`${fixtures}${name}`, dtype))
    },
  )

  test.each(['q8', 'q4'] as const)('in %s gives the same logits, bit for bit, and needs no dtype', async (dtype) => {
    const path = await saved('fla-mqa', dtype)
    const expected = await logitsOf(`${fixtures}fla-mqa`, dtype)
    expect(await logitsOf(path)).toEqual(expected)
    expect(await logitsOf(path, dtype)).toEqual(expected)
    expect(expected).not.toEqual(await logitsOf(`${fixtures}fla-mqa`, 'f32'))
  })

  test('in q4 can be held and saved in more bits: the numbers stay', async () => {
    const path = await saved('torchscale-options', 'q4')
    const numbers = (weights: Awaited<ReturnType<typeof weightsOf>>) =>
      weights.map(([name, weight]) => [name, Float32Array.from(decodeWeight(weight))])
    const expected = numbers(await weightsOf(path, 'q4'))
    expect(numbers(await weightsOf(path, 'f32'))).toEqual(expected)
    const wide = fresh()
    await saveCheckpoint(await nodeFolder(path), wide, { dtype: 'f32' })
    expect(numbers(await weightsOf(wide, 'f32'))).toEqual(expected)
    const config = JSON.parse(await readFile(join(wide, 'config.json'), 'utf8')) as object
    expect(config).not.toHaveProperty('quantization_config')
  })

  test('in q8 is refused in q4, loaded or saved', async () => {
    const path = await saved('fla-mqa', 'q8')
    await expect(logitsOf(path, 'q4')).rejects.toThrow(OptionError)
    await expect(logitsOf(path, 'q4')).rejects.toThrow(/expected q8 or wider, as .* is saved in q8, got q4/)
    await expect(saveCheckpoint(await nodeFolder(path), fresh(), { dtype: 'q4' })).rejects.toThrow(OptionError)
  })

  test('is described as compressed-tensors describes it', async () => {
    const path = await saved('fla-mqa', 'q4')
    const { quantization_config: described } = JSON.parse(await readFile(join(path, 'config.json'), 'utf8')) as {
      quantization_config: object
    }
    const weights = { num_bits: 4, type: 'int', symmetric: true, strategy: 'group', group_size: 32, dynamic: false }
    const activations = { input_activations: null, output_activations: null }
    expect(described).toEqual({
      quant_method: 'compressed-tensors',
      quantization_status: 'compressed',
      format: 'mixed-precision',
      config_groups: {
        group_0: { targets: ['Linear'], weights, ...activations, format: 'pack-quantized' },
        group_1: {
          targets: ['model.embeddings', 'lm_head'],
          weights: { ...weights, num_bits: 8 },
          ...activations,
          format: 'int-quantized',
        },
      },
      ignore: [],
    })
    using file = await openSafetensors(await openFile(join(path, 'model.safetensors')))
    const layout = (name: string) => [file.tensors.get(name)?.dtype, file.tensors.get(name)?.shape]
    expect(layout('model.layers.0.attn.q_proj.weight_packed')).toEqual(['I32', [32, 8]])
    expect(layout('model.layers.0.attn.q_proj.weight_scale')).toEqual(['F32', [32, 2]])
    expect(layout('model.layers.0.attn.q_proj.weight_shape')).toEqual(['I64', [2]])
    expect(layout('lm_head.weight')[0]).toBe('I8')
    expect(file.tensors.has('model.layers.0.attn.q_proj.weight')).toBe(false)
  })
})

describe('saving', () => {
  test('tells its progress and what it wrote', async () => {
    const path = fresh()
    const seen: { loaded: number; total: number }[] = []
    const result = await saveCheckpoint(await source('fla-mqa'), path, { dtype: 'q4', onProgress: (p) => seen.push(p) })
    expect(seen.at(-1)!.loaded).toBe(seen.at(-1)!.total)
    expect(await readdir(path)).toEqual([...result.files])
    expect((await readFile(join(path, 'model.safetensors'))).length).toBe(result.bytes)
  })

  test('leaves a folder that is not empty as it is, and takes an empty one', async () => {
    const path = fresh()
    await mkdir(path)
    const folder = await source('fla-mqa')
    await saveCheckpoint(folder, path, { dtype: 'q8' })
    const before = await readFile(join(path, 'model.safetensors'))
    await expect(saveCheckpoint(folder, path, { dtype: 'q4' })).rejects.toThrow(/new or empty folder/)
    expect(await readFile(join(path, 'model.safetensors'))).toEqual(before)
  })

  test('that is aborted leaves nothing', async () => {
    const path = fresh()
    const controller = new AbortController()
    const onProgress = () => controller.abort(new Error('enough'))
    const { signal } = controller
    const saving = saveCheckpoint(await source('fla-mqa'), path, { dtype: 'q4', signal, onProgress })
    await expect(saving).rejects.toThrow('enough')
    expect((await readdir(place)).filter((name) => name.includes(path.split('/').at(-1)!))).toEqual([])
  })
})

describe('a quantised checkpoint', () => {
  type Change = (config: Record<string, unknown>) => void
  const group = (config: Record<string, unknown>) =>
    (config.quantization_config as { config_groups: { group_0: { weights: Record<string, unknown> } } }).config_groups
      .group_0
  test.each<[string, Change, RegExp]>([
    ['of another method', (c) => (c.quantization_config = { quant_method: 'gptq' }), /got "gptq"/],
    ['in groups of 128', (c) => (group(c).weights.group_size = 128), /scheme of group_0 is not supported/],
    ['with zero points', (c) => (group(c).weights.symmetric = false), /scheme of group_0 is not supported/],
  ])('%s is refused', async (_, change, message) => {
    const path = await saved('fla-mqa', 'q4')
    const file = join(path, 'config.json')
    const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
    change(config)
    await writeFile(file, JSON.stringify(config))
    await expect(openCheckpoint(await nodeFolder(path))).rejects.toThrow(ConfigError)
    await expect(openCheckpoint(await nodeFolder(path))).rejects.toThrow(message)
  })

  test('without its scales, or with too few, is refused by the name of the tensor', async () => {
    const path = await saved('fla-mqa', 'q4')
    const name = 'model.layers.0.attn.q_proj.weight_scale'
    const rewrite = async (change: (shape: readonly number[]) => readonly number[] | null) => {
      using file = await openSafetensors(await openFile(join(path, 'model.safetensors')))
      const tensors = await Promise.all(
        [...file.tensors.values()].map(async (info) => ({ ...info, data: await file.read(info.name) })),
      )
      return encodeSafetensors(
        tensors.flatMap((tensor) => {
          const shape = tensor.name === name ? change(tensor.shape) : tensor.shape
          return shape === null ? [] : [{ ...tensor, shape, data: tensor.data.subarray(0, tensor.data.length) }]
        }),
      )
    }
    const open = async (bytes: Uint8Array) => {
      const broken = fresh()
      await mkdir(broken)
      await writeFile(join(broken, 'config.json'), await readFile(join(path, 'config.json')))
      await writeFile(join(broken, 'model.safetensors'), bytes)
      return openCheckpoint(await nodeFolder(broken))
    }
    await expect(open(await rewrite(() => null))).rejects.toThrow(SafetensorsError)
    await expect(open(await rewrite(() => null))).rejects.toThrow(/q_proj\.weight/)
    const halved = await rewrite(([rows, blocks]) => [rows * blocks, 1])
    await expect(open(halved)).rejects.toThrow(/expected \[32, 2\] scales .* got \[64, 1\]/)
  })
})

test('a backend that does not hold an encoding is named', async () => {
  const whole = reference()
  const narrow = { ...whole, limits: { ...whole.limits, encodings: ['f32', 'q8'] as const } }
  await expect(loadCheckpoint(await source('fla-mqa'), { backend: narrow, dtype: 'q4' })).rejects.toThrow(
    /the backend reference does not hold weights as q4.* f32 or q8/,
  )
})
