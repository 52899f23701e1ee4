/** Which family a checkpoint belongs to. Nearly all call themselves `retnet`; their fields tell them apart. */
import type { ConfigReader } from './config-reader.js'
import type { Family, TensorNames } from './family.js'
import { fla } from './fla.js'
import { hasDecoderNames, syncdoth, torchscale } from './torchscale.js'

/** Throws ConfigError for a family that is not supported, and says which it seems to be. */
export function detectFamily(config: ConfigReader, tensors: TensorNames): Family {
  if (config.has('hybrid_attention_layers') || config.has('parallel_residual')) {
    throw config.error('hybrid_attention_layers', 'RetNet-XATL models with attention layers are not supported.')
  }
  if (config.has('qk_dim') && config.has('v_dim')) {
    throw config.error('qk_dim', 'the first version of syncdoth/RetNet (before October 2023) is not supported.')
  }
  if (config.has('num_rettention_heads'))
    throw config.error('num_rettention_heads', 'Flax checkpoints are not supported.')
  if (config.has('decoder_embed_dim')) return hasDecoderNames(tensors, 'model.') ? syncdoth : torchscale
  if (config.has('hidden_size') && (config.has('expand_v') || config.has('attn_mode'))) return fla
  const fix = 'Known are the configurations of fla, torchscale (model_type "torchscale-retnet") and syncdoth/RetNet v2.'
  throw config.error('model_type', 'these fields describe no RetNet that is known.', fix)
}
