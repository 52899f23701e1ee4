/** Checkpoints of flash-linear-attention (`fla/models/retnet`), also the older layout with a stacked gate projection. */
import type { RetNetSpec } from '@retnet/core'
import type { ConfigReader } from './config-reader.js'
import { type Family, type TensorNames, type WeightLocation, splitName } from './family.js'

const activations = { swish: 'silu', silu: 'silu', gelu: 'gelu' } as const

const parts: Readonly<Record<string, string>> = {
  embedding: 'model.embeddings',
  head: 'lm_head',
  norm: 'model.norm',
  retentionNorm: 'attn_norm',
  'retention.query': 'attn.q_proj',
  'retention.key': 'attn.k_proj',
  'retention.value': 'attn.v_proj',
  'retention.gate': 'attn.g_proj',
  'retention.output': 'attn.o_proj',
  feedForwardNorm: 'mlp_norm',
  'feedForward.gate': 'mlp.gate_proj',
  'feedForward.up': 'mlp.up_proj',
  'feedForward.down': 'mlp.down_proj',
}

export const fla: Family = {
  name: 'fla',

  spec(config): RetNetSpec {
    refuseUnsupported(config)
    const width = config.count('hidden_size')
    const heads = config.count('num_heads', 8)
    const epsilon = config.positive('norm_eps', 1e-6)
    const activation = config.choice('hidden_act', activations, 'swish')
    return {
      vocabSize: config.count('vocab_size', 32000),
      width,
      layers: config.count('num_hidden_layers'),
      heads,
      keyValueHeads: config.count('num_kv_heads', heads),
      keyWidth: Math.trunc(width * config.positive('expand_k', 1)),
      valueWidth: Math.trunc(width * config.positive('expand_v', 2)),
      decay: 'power',
      scoreScale: 'query',
      rowNorm: 'none',
      rotary: { layout: 'half', frequencies: 'standard', base: 10000 },
      norm: { kind: 'rms', epsilon, bias: false },
      headNorm: { kind: 'rms', epsilon, affine: config.flag('elementwise_affine', true) },
      gate: config.flag('use_output_gate', true) ? activation : 'none',
      feedForward: { kind: 'glu', width: feedForwardWidth(config, width), activation, bias: false, innerNorm: null },
      bias: { projections: false, output: false, head: false },
      embeddingScale: 1,
      embeddingNorm: false,
      normPlacement: 'pre',
      finalNorm: true,
      residualScale: 1,
      tiedHead: config.flag('tie_word_embeddings', false),
    }
  },

  locate(weight, spec, tensors) {
    const { layer, part } = splitName(weight)
    const prefix = `model.layers.${layer}`
    if (part === 'retention.headNorm') return headNorm(prefix, tensors)
    const stacked = stackedGate(prefix, spec, tensors)
    if (stacked && part === 'feedForward.gate')
      return { tensor: stacked, rows: { start: 0, count: spec.feedForward.width } }
    if (stacked && part === 'feedForward.up') {
      return { tensor: stacked, rows: { start: spec.feedForward.width, count: spec.feedForward.width } }
    }
    return { tensor: layer === '' ? `${parts[part]}.weight` : `${prefix}.${parts[part]}.weight` }
  },

  ignores: (tensor, spec) => tensor.endsWith('.rotary.inv_freq') || (spec.tiedHead && tensor === 'lm_head.weight'),
}

function refuseUnsupported(config: ConfigReader): void {
  config.refuse('attn', 'a hybrid model with attention layers')
  config.refuse('feature_map', 'a feature map on queries and keys')
  config.refuse('attnres_block_size', 'attention over residuals')
}

/** fla/models/utils: 2/3 of hidden_ratio * width, rounded up to a multiple of 256. */
function feedForwardWidth(config: ConfigReader, width: number): number {
  if (config.has('intermediate_size')) return config.count('intermediate_size')
  return 256 * Math.ceil(Math.trunc((width * config.positive('hidden_ratio', 2) * 2) / 3) / 256)
}

/** The weight [Dv] is called g_norm_swish_gate where norm and gate are fused, g_norm elsewhere. */
function headNorm(prefix: string, tensors: TensorNames): WeightLocation {
  const fused = `${prefix}.attn.g_norm_swish_gate.weight`
  return { tensor: tensors.has(fused) ? fused : `${prefix}.attn.g_norm.weight` }
}

/** Before 2025-02 gate_proj held the gate and the up projection, one above the other: [2F, D]. */
function stackedGate(prefix: string, spec: RetNetSpec, tensors: TensorNames): string | undefined {
  const name = `${prefix}.mlp.gate_proj.weight`
  return tensors.get(name)?.shape[0] === 2 * spec.feedForward.width ? name : undefined
}
