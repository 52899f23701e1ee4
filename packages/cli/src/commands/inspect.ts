/** `retnet inspect`: what a model is, without loading its weights. */
import { stateBytes } from '@retnet/core'
import { type Checkpoint, openCheckpoint } from '@retnet/formats'
import { Tokenizer } from '@retnet/tokenizer'
import type { Command } from 'commander'
import { type Io, write, writeJson } from '../io.js'
import { findModel } from '../model/find-model.js'
import { addModelName, type ModelNameOptions } from '../options/model-options.js'
import { showBytes, showCount } from '../terminal/units.js'

interface InspectOptions extends ModelNameOptions {
  readonly json?: boolean
}

export function addInspect(program: Command, io: Io): void {
  addModelName(program.command('inspect'))
    .description('Show what a model is: family, sizes, types, tokenizer.')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExamples:\n  retnet inspect\n  retnet inspect --model ./my-model --json')
    .action((options: InspectOptions) => inspect(io, options))
}

async function inspect(io: Io, options: InspectOptions): Promise<void> {
  const folder = await findModel(io, options)
  using checkpoint = await openCheckpoint(folder, { signal: io.signal })
  const summary = summaryOf(checkpoint)
  if (options.json) return writeJson(io, summary)
  await write(io.stdout, describe(checkpoint.name, summary))
}

function summaryOf(checkpoint: Checkpoint) {
  const { family, spec, parameters, storedDtype, tensors, tokenizerJson } = checkpoint
  const weightBytes = [...tensors.tensors.values()].reduce((total, { bytes }) => total + bytes, 0)
  return {
    family: family.name,
    spec,
    parameters,
    /** In the files. */
    weightBytes,
    stateBytes: stateBytes(spec),
    dtype: storedDtype,
    tokenizer: tokenizerJson === null ? null : describeTokenizer(tokenizerJson),
  }
}

function describeTokenizer(json: string) {
  const tokenizer = Tokenizer.fromJson(json)
  return { vocabularySize: tokenizer.vocabularySize, specialTokens: Object.fromEntries(tokenizer.specialTokens) }
}

type Summary = ReturnType<typeof summaryOf>

function describe(name: string, { spec, tokenizer, ...summary }: Summary): string {
  const { layers, heads, width, keyWidth, valueWidth, feedForward, vocabSize } = spec
  const rows = [
    ['model', name],
    ['family', summary.family],
    ['parameters', showCount(summary.parameters)],
    ['weights', `${showBytes(summary.weightBytes)}, ${summary.dtype}`],
    ['state', `${showBytes(summary.stateBytes)} a sequence, at any length`],
    ['shape', `${layers} layers, width ${width}, ${heads} heads (${keyWidth / heads} / ${valueWidth / heads})`],
    ['feed-forward', `${feedForward.kind} ${feedForward.width}, ${feedForward.activation}`],
    ['vocabulary', `${showCount(vocabSize)}${spec.tiedHead ? ', tied to the output' : ''}`],
    ['tokenizer', tokenizer === null ? 'none' : `${showCount(tokenizer.vocabularySize)} tokens`],
  ]
  return rows.map(([label, value]) => `${label.padEnd(14)}${value}\n`).join('')
}
