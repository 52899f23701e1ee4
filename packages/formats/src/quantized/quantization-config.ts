/**
 * `quantization_config` of config.json, in the form of compressed-tensors, which transformers and vLLM read: `q4` is its format
 * `pack-quantized` with 4 bits, `q8` its `int-quantized` with 8, both symmetric in groups of 32. Written and read here; the tensors are
 * the matter of `stored-tensors.ts`.
 */
import { weightBlockSize } from '@retnet/core'
import type { ConfigReader } from '../families/config-reader.js'
import { isObject } from '../safetensors/strict-json.js'

export type Quantization = 'q8' | 'q4'

const formats = { q8: 'int-quantized', q4: 'pack-quantized' } as const
const bits = { q8: 8, q4: 4 } as const
const method = 'compressed-tensors'

/**
 * The value of `quantization_config`. `modules`: for the encodings in use, modules by name or class; `ignore`: those whose matrix is not
 * quantised.
 */
export function quantizationConfig(
  modules: ReadonlyMap<Quantization, readonly string[]>,
  ignore: readonly string[],
): object {
  const used = [...modules.keys()]
  const groups = used.map((encoding, index) => [`group_${index}`, groupOf(encoding, modules.get(encoding)!)])
  return {
    quant_method: method,
    quantization_status: 'compressed',
    format: used.length === 1 ? formats[used[0]] : 'mixed-precision',
    config_groups: Object.fromEntries(groups) as object,
    ignore,
  }
}

function groupOf(encoding: Quantization, targets: readonly string[]): object {
  const weights = {
    num_bits: bits[encoding],
    type: 'int',
    symmetric: true,
    strategy: 'group',
    group_size: weightBlockSize,
    dynamic: false,
  }
  return { targets, weights, input_activations: null, output_activations: null, format: formats[encoding] }
}

/** The narrowest encoding that a configuration speaks of; null for a model that is not quantised. Throws ConfigError for other schemes. */
export function readQuantization(config: ConfigReader): Quantization | null {
  const field = 'quantization_config'
  if (!config.has(field)) return null
  const value = config.raw(field)
  const fix = `Known is quant_method "${method}" with 4 bits (pack-quantized) or 8 (int-quantized), symmetric, in groups of ${weightBlockSize}. Convert the unquantised model.`
  if (!isObject(value) || value.quant_method !== method || !isObject(value.config_groups)) {
    const actual = isObject(value) ? JSON.stringify(value.quant_method) : 'no object'
    throw config.error(field, `expected quant_method "${method}" and config_groups, got ${actual}.`, fix)
  }
  const found = Object.entries(value.config_groups).map(([name, group]) => {
    const encoding = isObject(group) ? encodingOf(group, value.format) : null
    if (encoding) return encoding
    throw config.error(field, `the scheme of ${name} is not supported.`, fix)
  })
  if (found.length === 0) throw config.error(field, 'config_groups is empty.', fix)
  return found.includes('q4') ? 'q4' : 'q8'
}

function encodingOf(group: Readonly<Record<string, unknown>>, format: unknown): Quantization | null {
  const { weights, input_activations: activations } = group
  if (!isObject(weights) || (activations !== null && activations !== undefined)) return null
  const { type, symmetric, strategy, group_size: size, num_bits: count } = weights
  if (type !== 'int' || symmetric !== true || strategy !== 'group' || size !== weightBlockSize) return null
  const known = (['q8', 'q4'] as const).find((encoding) => bits[encoding] === count)
  return known && formats[known] === (group.format ?? format) ? known : null
}
