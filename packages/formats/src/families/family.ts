/** What a family of checkpoints is: how its config.json and its tensor names map onto the one model definition. */
import type { RetNetSpec } from '@retnet/core'
import type { TensorFile } from '../safetensors/tensor-file.js'
import type { ConfigReader } from './config-reader.js'

export type TensorNames = TensorFile['tensors']

/** Where a weight of the model definition lies in the checkpoint. */
export interface WeightLocation {
  readonly tensor: string
  /** Rows of a stacked tensor that belong to this weight; absent: all. */
  readonly rows?: { readonly start: number; readonly count: number }
}

export interface Family {
  readonly name: 'fla' | 'torchscale' | 'syncdoth'
  /** Throws ConfigError for a field that is wrong or asks for something that is not supported. */
  spec(config: ConfigReader, tensors: TensorNames): RetNetSpec
  /** Location of a weight by its name in the model definition. */
  locate(weight: string, spec: RetNetSpec, tensors: TensorNames): WeightLocation
  /** True for a tensor that may be in the file and is not read. */
  ignores(tensor: string, spec: RetNetSpec): boolean
}

/** `layers.3.retention.query.weight` -> its layer prefix, its part and its last word. */
export function splitName(weight: string): { layer: string; part: string; kind: string } {
  const match = /^(?:layers\.(\d+)\.)?(.*)\.(weight|bias)$/.exec(weight)
  if (!match) throw new TypeError(`${weight} is no name of the model definition`)
  return { layer: match[1] ?? '', part: match[2], kind: match[3] }
}
