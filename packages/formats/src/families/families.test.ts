import { describe, expect, test } from 'vitest'
import { openCheckpoint } from '../checkpoint.js'
import { blobFolder } from '../folders/blob-folder.js'
import { nodeFolder } from '../folders/node-folder.js'
import { encodeSafetensors } from '../safetensors/encode-safetensors.js'
import type { TensorInput } from '../safetensors/plan-layout.js'
import { openSafetensors } from '../safetensors/open-safetensors.js'
import { streamWeights } from '../weights/weight-stream.js'
import { Fingerprint } from '@retnet/core'

const fixtures = new URL('../../../../fixtures/', import.meta.url).pathname

type Tensors = Record<string, Pick<TensorInput, 'shape' | 'data'>>

async function fixture(name: string) {
  const folder = await nodeFolder(`${fixtures}${name}`)
  const config = JSON.parse(await folder.readText('config.json')) as Record<string, unknown>
  using file = await openSafetensors(await folder.open('model.safetensors'))
  const tensors: Tensors = {}
  for (const [tensor, { shape }] of file.tensors) {
    tensors[tensor] = { shape, data: await file.readFloat32(tensor) }
  }
  return { config, tensors }
}

function folderOf(config: object, tensors: Tensors) {
  const bytes = encodeSafetensors(Object.entries(tensors).map(([name, tensor]) => ({ name, dtype: 'F32', ...tensor })))
  const files = new Map([
    ['config.json', new Blob([JSON.stringify(config)])],
    ['model.safetensors', new Blob([bytes])],
  ])
  return blobFolder(files, 'made')
}

describe('detectFamily', () => {
  test.each([
    ['fla-base', 'fla'],
    ['torchscale-options', 'torchscale'],
    ['syncdoth-ffn-lmdecay', 'syncdoth'],
  ])('knows %s as %s', async (name, family) => {
    using checkpoint = await openCheckpoint(await nodeFolder(`${fixtures}${name}`))
    expect(checkpoint.family.name).toBe(family)
  })

  test.each([
    [{ hybrid_attention_layers: [1], decoder_embed_dim: 64 }, /RetNet-XATL/],
    [{ qk_dim: 64, v_dim: 128, hidden_size: 64 }, /first version of syncdoth/],
    [{ num_rettention_heads: 4 }, /Flax/],
    [{ model_type: 'llama', hidden_size: 64 }, /no RetNet that is known/],
  ])('refuses %j by name', async (config, message) => {
    const { tensors } = await fixture('fla-mqa')
    await expect(openCheckpoint(folderOf(config, tensors))).rejects.toThrow(message)
  })
})

describe('a configuration', () => {
  test.each([
    [{ attn: { layers: [1], num_heads: 4 } }, /attn: a hybrid model with attention layers is not supported/],
    [{ num_heads: 0 }, /num_heads: expected a whole number of at least 1, got 0/],
    [{ num_heads: 5 }, /heads: expected a divisor of keyWidth/],
    [{ num_hidden_layers: 1e9 }, /layers: expected a whole number from 1 to 4096/],
    [{ vocab_size: -3 }, /vocab_size: expected a whole number of at least 1, got -3/],
    [{ norm_eps: 'NaN' }, /norm_eps: expected a positive number/],
    [{ hidden_act: 'relu' }, /hidden_act: expected one of swish, silu, gelu/],
    [{ num_kv_heads: 3 }, /keyValueHeads: expected a divisor of heads 4/],
  ])('with %j is refused with the field', async (change, message) => {
    const { config, tensors } = await fixture('fla-mqa')
    await expect(openCheckpoint(folderOf({ ...config, ...change }, tensors))).rejects.toThrow(message)
  })
})

describe('weights', () => {
  test('a missing, an unknown and a misshapen tensor are named', async () => {
    const { config, tensors } = await fixture('fla-mqa')
    const { 'model.norm.weight': norm, ...rest } = tensors
    await expect(openCheckpoint(folderOf(config, rest))).rejects.toThrow(/model\.norm\.weight.*missing|not among/s)
    await expect(openCheckpoint(folderOf(config, { ...tensors, 'model.extra': norm }))).rejects.toThrow(/model\.extra/)
    const short = { shape: [63], data: new Float32Array(63) }
    const bad = folderOf(config, { ...rest, 'model.norm.weight': short })
    await expect(openCheckpoint(bad)).rejects.toThrow(/model\.norm\.weight.*expected \[64\].*got \[63\]/)
  })

  test('the stacked gate projection of older fla checkpoints gives the same weights', async () => {
    const { config, tensors } = await fixture('fla-mqa')
    const stacked = Object.fromEntries(Object.entries(tensors).filter(([name]) => !name.includes('mlp.up_proj')))
    for (const layer of [0, 1]) {
      const gate = tensors[`model.layers.${layer}.mlp.gate_proj.weight`].data as Float32Array
      const up = tensors[`model.layers.${layer}.mlp.up_proj.weight`].data as Float32Array
      const data = new Float32Array([...gate, ...up])
      stacked[`model.layers.${layer}.mlp.gate_proj.weight`] = { shape: [192, 64], data }
    }
    expect(await weightsOf(folderOf(config, stacked))).toEqual(await weightsOf(folderOf(config, tensors)))
  })

  test('q8 keeps every number within half a scale', async () => {
    const { config, tensors } = await fixture('fla-mqa')
    using checkpoint = await openCheckpoint(folderOf(config, tensors))
    for await (const [name, weight] of streamWeights({ ...checkpoint, dtype: 'q8' }, new Fingerprint())) {
      if (weight.encoding === 'f32') continue
      const exact = await checkpoint.tensors.readFloat32(
        checkpoint.family.locate(name, checkpoint.spec, checkpoint.tensors.tensors).tensor,
      )
      const columns = weight.type.shape[1]
      const blocks = Math.ceil(columns / 32)
      const worst = exact.reduce((largest, value, at) => {
        const scale = weight.scales![Math.floor(at / columns) * blocks + Math.floor((at % columns) / 32)]
        return Math.max(largest, Math.abs(value - weight.data[at] * scale) / scale)
      }, 0)
      expect(worst).toBeLessThan(0.5001)
    }
  })
})

test('a weight with an infinity in it is not quantised, by its name', async () => {
  const { config, tensors } = await fixture('fla-mqa')
  const name = 'model.layers.1.attn.q_proj.weight'
  const { shape, data } = tensors[name]
  const broken = Float32Array.from(data as Float32Array).fill(Number.POSITIVE_INFINITY, 70, 71)
  using checkpoint = await openCheckpoint(folderOf(config, { ...tensors, [name]: { shape, data: broken } }))
  const read = async () => {
    for await (const _ of streamWeights({ ...checkpoint, dtype: 'q4' }, new Fingerprint()));
  }
  await expect(read()).rejects.toThrow(/layers\.1\.attn\.q_proj\.weight.*element 70 is Infinity/)
})

async function weightsOf(folder: ReturnType<typeof folderOf>): Promise<Record<string, unknown>> {
  using checkpoint = await openCheckpoint(folder)
  const weights: Record<string, unknown> = {}
  for await (const [name, weight] of streamWeights({ ...checkpoint, dtype: 'f32' }, new Fingerprint()))
    weights[name] = weight.data
  return weights
}
