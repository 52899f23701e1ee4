/** `retnet inspect`: what a model is, without loading its weights. */
import { type RetNetSpec, type WeightEncoding, sizeOf, stateBytes, weightLengths } from '@retnet/core'
import { type Checkpoint, type ModelFolder, openCheckpoint } from '@retnet/formats'
import type { WeightNote } from '@retnet/onnx/emit'
import { Tokenizer } from '@retnet/tokenizer'
import type { Command } from 'commander'
import { type Io, write, writeJson } from '../io.js'
import { findModel } from '../model/find-model.js'
import { type OpenExport, isExport, openExport } from '../model/open-export.js'
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
  const summary = await summarise(folder, io.signal)
  if (options.json) return writeJson(io, summary)
  await write(io.stdout, describe(folder.name, summary))
}

async function summarise(folder: ModelFolder, signal: AbortSignal): Promise<Summary> {
  if (await isExport(folder)) return summaryOfExport(await openExport(folder, signal))
  using checkpoint = await openCheckpoint(folder, { signal })
  return await summaryOf(checkpoint)
}

async function summaryOfExport({ spec, file, tokenizerJson }: OpenExport): Promise<Summary> {
  const weights = [...file.weights.values()]
  return {
    family: 'onnx',
    spec,
    parameters: weights.reduce((total, { shape }) => total + sizeOf(shape), 0),
    weightBytes: weights.reduce((total, { shape, encoding }) => total + storedBytes(shape, encoding), 0),
    stateBytes: stateBytes(spec),
    dtype: dtypeOf(weights),
    tokenizer: tokenizerJson === null ? null : await describeTokenizer(tokenizerJson),
  }
}

/** As checkpoints have it: of most matrices. */
function dtypeOf(weights: readonly WeightNote[]): string {
  const matrices = weights.filter(({ shape }) => shape.length === 2).map(({ encoding }) => encoding)
  const [first] = matrices
  return matrices.includes('q4') ? 'q4' : first === 'f32' || first === 'f16' ? first.toUpperCase() : first
}

function storedBytes(shape: readonly number[], encoding: WeightEncoding): number {
  const { data, scales } = weightLengths(shape, encoding)
  const width = encoding === 'f32' ? 4 : encoding === 'f16' ? 2 : 1
  return data * width + scales * 4
}

async function summaryOf(checkpoint: Checkpoint): Promise<Summary> {
  const { family, spec, parameters, storedDtype, tensors, tokenizerJson } = checkpoint
  const weightBytes = [...tensors.tensors.values()].reduce((total, { bytes }) => total + bytes, 0)
  return {
    family: family.name,
    spec,
    parameters,
    weightBytes,
    stateBytes: stateBytes(spec),
    dtype: storedDtype,
    tokenizer: tokenizerJson === null ? null : await describeTokenizer(tokenizerJson),
  }
}

async function describeTokenizer(json: string) {
  const tokenizer = await Tokenizer.load(json)
  return { vocabularySize: tokenizer.vocabularySize, specialTokens: Object.fromEntries(tokenizer.specialTokens) }
}

interface Summary {
  readonly family: string
  readonly spec: RetNetSpec
  readonly parameters: number
  /** In the files. */
  readonly weightBytes: number
  readonly stateBytes: number
  readonly dtype: string
  readonly tokenizer: Awaited<ReturnType<typeof describeTokenizer>> | null
}

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
