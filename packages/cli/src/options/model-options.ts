/** The options that say which model runs where; the same for all commands that run one. */
import type { WeightEncoding } from '@retnet/core'
import { weightDtypes } from '@retnet/formats'
import { type Command, Option } from 'commander'
import { type BackendName, backendNames } from '../model/backends.js'
import { defaultModel } from '../model/bundled.js'
import { wholeNumber } from './numbers.js'

export interface ModelNameOptions {
  readonly model: string
  readonly revision?: string
  readonly offline?: boolean
}

export interface ModelOptions extends ModelNameOptions {
  readonly backend: BackendName
  readonly dtype?: WeightEncoding
  readonly threads?: number
  readonly stateDtype?: 'f32' | 'f16'
}

export function addModelName(command: Command): Command {
  return command
    .option('-m, --model <model>', 'a folder, a Hugging Face id (owner/name), or a bundled model', defaultModel)
    .option('--revision <revision>', 'branch, tag or commit of a Hugging Face model (default: main)')
    .option('--offline', 'use what an earlier download has left, and no network')
}

export function addModelOptions(command: Command): Command {
  return addModelName(command)
    .addOption(
      new Option(
        '-b, --backend <name>',
        'what computes: cpu, webgpu (a GPU), onnx (ONNX Runtime), or the float64 interpreter (slow, exact)',
      )
        .choices(backendNames)
        .default('cpu'),
    )
    .addOption(
      new Option(
        '--dtype <type>',
        'how weights are held: f32, f16, q8 (8 bits) or q4 (4 bits; embedding and output 8) (default: as saved, if in q8 or q4, else f32)',
      ).choices(weightDtypes),
    )
    .option('--threads <n>', 'threads of the cpu backend (default: one per core)', wholeNumber(1, 64))
    .addOption(
      new Option('--state-dtype <type>', 'how the webgpu backend holds states: f32 (default) or f16').choices([
        'f32',
        'f16',
      ]),
    )
}
