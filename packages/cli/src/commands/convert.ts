/** `retnet convert`: a model in another form, in a folder of its own. */
import type { WeightEncoding } from '@retnet/core'
import { type ModelFolder, chooseDtype, openCheckpoint, saveCheckpoint, weightDtypes } from '@retnet/formats'
import { type Command, Option } from 'commander'
import { collectWeights } from '../convert/collect-weights.js'
import { copyTexts } from '../convert/copy-texts.js'
import { sizesOf } from '../convert/sizes-of.js'
import { writeFolder } from '../convert/write-folder.js'
import { writeOnnx } from '../convert/write-onnx.js'
import { UsageError } from '../errors.js'
import { type Io, write, writeJson } from '../io.js'
import { findModel } from '../model/find-model.js'
import { addModelName, type ModelNameOptions } from '../options/model-options.js'
import { createProgress } from '../terminal/progress.js'
import { showBytes } from '../terminal/units.js'

interface ConvertOptions extends ModelNameOptions {
  readonly to: 'onnx' | 'safetensors'
  readonly dtype?: WeightEncoding
  readonly out: string
  readonly force?: boolean
  readonly standardOps?: boolean
  readonly decodeGraph?: boolean
  readonly json?: boolean
}

export function addConvert(program: Command, io: Io): void {
  addModelName(program.command('convert'))
    .description('Write a model in another form: as ONNX, or with smaller weights.')
    .addOption(new Option('--to <form>', 'what to write').choices(['onnx', 'safetensors']).makeOptionMandatory())
    .addOption(
      new Option(
        '--dtype <type>',
        'how weights are stored: f32, f16, q8 (8 bits) or q4 (4 bits); default: as they are quantised, else f32',
      ).choices(weightDtypes),
    )
    .requiredOption('-o, --out <folder>', 'where to; it appears when it is complete')
    .option('--force', 'replace the model that is there')
    .option('--standard-ops', 'onnx: operators of opset 21 only, for runtimes other than ONNX Runtime')
    .option('--decode-graph', 'onnx: also decode.onnx, of fixed shape for one token; both share model.onnx_data')
    .option('--json', 'print one JSON object')
    .addHelpText('after', explanation)
    .action((options: ConvertOptions) => convert(io, options))
}

const explanation = `
ONNX: onnx/model.onnx has the inputs input_ids and attention_mask, int64 [batch, sequence], and for each state past.NAME;
the outputs logits and present.NAME. A first run takes zeros as states. The weights are in the model, or above 2 GB in
model.onnx_data beside it. The folder is a model for --model; with --backend onnx it runs on ONNX Runtime.
Products with q8 and q4 weights may round activations to 8 bits (accuracy_level 4).

Examples:
  retnet convert --to onnx --dtype q8 --out ./novels-onnx
  retnet generate --model ./novels-onnx --backend onnx --prompt "It was"
  retnet convert --model owner/name --to safetensors --dtype q4 --out ./small`

async function convert(io: Io, options: ConvertOptions): Promise<void> {
  const { to, out, force = false } = options
  if (to !== 'onnx' && (options.standardOps || options.decodeGraph)) {
    throw new UsageError('--standard-ops and --decode-graph: they belong to --to onnx.', 'Leave them out.')
  }
  const folder = await findModel(io, options)
  const fill = to === 'onnx' ? fillOnnx : fillSafetensors
  let files: readonly string[] = []
  await writeFolder(out, { force, source: folder.name }, async (target) => {
    files = await fill(io, folder, target, options)
  })
  const sizes = await sizesOf(out, files)
  if (options.json) return writeJson(io, { out, to, files: sizes })
  const lines = Object.entries(sizes).map(([file, bytes]) => `  ${file.padEnd(26)}${showBytes(bytes)}\n`)
  await write(io.stdout, `${out}\n${lines.join('')}`)
}

async function fillOnnx(io: Io, folder: ModelFolder, target: string, options: ConvertOptions): Promise<string[]> {
  using checkpoint = await openCheckpoint(folder, { signal: io.signal })
  const collected = await collectWeights(io, checkpoint, chooseDtype(checkpoint, options.dtype))
  const made = await writeOnnx(io, target, checkpoint, collected, {
    operators: options.standardOps ? 'standard' : 'microsoft',
    decodeGraph: options.decodeGraph ?? false,
  })
  const external = made.some((file) => file.endsWith('_data'))
  // the file itself says how its weights are packed
  const config = { quantization_config: undefined, 'transformers.js_config': { use_external_data_format: external } }
  return [...(await copyTexts(folder, target, config)), ...made]
}

async function fillSafetensors(
  io: Io,
  folder: ModelFolder,
  target: string,
  options: ConvertOptions,
): Promise<readonly string[]> {
  using checkpoint = await openCheckpoint(folder, { signal: io.signal })
  const dtype = chooseDtype(checkpoint, options.dtype)
  using progress = createProgress(io, `converting to ${dtype}`, showBytes)
  const onProgress = ({ loaded, total }: { loaded: number; total: number }) => progress.update(loaded, total)
  return (await saveCheckpoint(folder, target, { dtype, signal: io.signal, onProgress })).files
}
