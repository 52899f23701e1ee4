/**
 * Checkpoints of torchscale's `RetNetDecoder` in its layout since September 2023 (RMSNorm, GLU, no biases), and of syncdoth/RetNet v2,
 * which wraps the same decoder for the Hugging Face hub with a few options more.
 */
import type { RetNetSpec } from '@retnet/core'
import type { ConfigReader } from './config-reader.js'
import { type Family, type TensorNames, splitName } from './family.js'

const activations = { gelu: 'gelu', swish: 'silu', silu: 'silu' } as const

const parts: Readonly<Record<string, string>> = {
  embedding: 'embed_tokens',
  embeddingNorm: 'layernorm_embedding',
  norm: 'layer_norm',
  head: 'output_projection',
  retentionNorm: 'retention_layer_norm',
  'retention.query': 'retention.q_proj',
  'retention.key': 'retention.k_proj',
  'retention.value': 'retention.v_proj',
  'retention.gate': 'retention.g_proj',
  'retention.output': 'retention.out_proj',
  feedForwardNorm: 'final_layer_norm',
}

// the GLU of torchscale activates fc1 and leaves gate linear; an MLP has no gate and fc1 goes up
const gluParts: Readonly<Record<string, string>> = {
  'feedForward.gate': 'ffn.fc1',
  'feedForward.up': 'ffn.gate',
  'feedForward.down': 'ffn.fc2',
}
const mlpParts: Readonly<Record<string, string>> = {
  'feedForward.up': 'ffn.fc1',
  'feedForward.norm': 'ffn.ffn_layernorm',
  'feedForward.down': 'ffn.fc2',
}

export const torchscale: Family = {
  name: 'torchscale',
  spec: (config) => ({ ...decoderSpec(config), tiedHead: config.flag('share_decoder_input_output_embed', false) }),
  locate: (weight, spec) => ({ tensor: decoderName(weight, spec) }),
  ignores: (tensor, spec) => isBuffer(tensor) || (spec.tiedHead && tensor === 'output_projection.weight'),
}

export const syncdoth: Family = {
  name: 'syncdoth',
  spec: (config) => ({
    ...decoderSpec(config),
    decay: config.flag('use_lm_decay', false) ? 'linspace' : 'power',
    tiedHead: config.flag('tie_word_embeddings', false),
  }),
  locate(weight, spec) {
    if (weight === 'head.weight') return { tensor: 'lm_head.weight' }
    return { tensor: `model.${decoderName(weight, spec)}` }
  },
  ignores: (tensor, spec) => isBuffer(tensor) || (spec.tiedHead && tensor === 'lm_head.weight'),
}

/** torchscale/architecture/config.py with its defaults; syncdoth uses the same names. */
function decoderSpec(config: ConfigReader): Omit<RetNetSpec, 'tiedHead'> {
  refuseUnsupported(config)
  const width = config.count('decoder_embed_dim', 768)
  const layers = config.count('decoder_layers', 12)
  const heads = config.count('decoder_retention_heads', 3)
  const epsilon = config.positive('layernorm_eps', 1e-6)
  const before = config.flag('decoder_normalize_before', true)
  return {
    vocabSize: config.count('vocab_size'),
    width,
    layers,
    heads,
    keyValueHeads: heads,
    keyWidth: width,
    valueWidth: config.count('decoder_value_embed_dim', 1280),
    decay: 'power',
    scoreScale: 'key',
    rowNorm: 'sqrt-decay-sum',
    rotary: { layout: 'interleaved', frequencies: 'inclusive', base: 10000 },
    norm: { kind: 'rms', epsilon, bias: false },
    headNorm: { kind: 'rms', epsilon, affine: false },
    gate: 'silu',
    feedForward: feedForward(config, epsilon),
    bias: { projections: false, output: false, head: false },
    embeddingScale: config.flag('no_scale_embedding', true) ? 1 : Math.sqrt(width),
    embeddingNorm: config.flag('layernorm_embedding', false),
    normPlacement: before ? 'pre' : 'post',
    finalNorm: before,
    residualScale: config.flag('deepnorm', false) ? (2 * layers) ** 0.25 : 1,
  }
}

function feedForward(config: ConfigReader, epsilon: number): RetNetSpec['feedForward'] {
  const width = config.count('decoder_ffn_embed_dim', 1280)
  const activation = config.choice('activation_fn', activations, 'gelu')
  if (config.flag('use_glu', true)) return { kind: 'glu', width, activation, bias: false, innerNorm: null }
  const rms = config.flag('use_ffn_rms_norm', false)
  const norm = { kind: rms ? 'rms' : 'layer', epsilon, bias: !rms } as const
  return { kind: 'mlp', width, activation, bias: true, innerNorm: config.flag('subln', true) ? norm : null }
}

function refuseUnsupported(config: ConfigReader): void {
  config.refuse('moe_freq', 'a mixture of experts')
  config.refuse('multiway', 'a multiway model')
  config.refuse('no_output_layer', 'a decoder without output layer')
}

function decoderName(weight: string, spec: RetNetSpec): string {
  const { layer, part, kind } = splitName(weight)
  const name = parts[part] ?? (spec.feedForward.kind === 'glu' ? gluParts : mlpParts)[part]
  return `${layer === '' ? '' : `layers.${layer}.`}${name}.${kind}`
}

/** Buffers of angles and decays: rounded copies of what the formulas give. */
function isBuffer(tensor: string): boolean {
  return /(^|\.)retnet_rel_pos\.(angle|decay)$/.test(tensor)
}

export function hasDecoderNames(tensors: TensorNames, prefix: string): boolean {
  return tensors.has(`${prefix}embed_tokens.weight`)
}
