/** `retnet logits`: tokens from a file to logits in a file, in a chosen form of retention. For comparing implementations. */
import type { RetentionForm } from '@retnet/core'
import { writeSafetensors } from '@retnet/formats'
import { type Command, Option } from 'commander'
import { CommandError, UsageError } from '../errors.js'
import { type Io, write, writeJson } from '../io.js'
import { type OpenModel, withModel } from '../model/open-model.js'
import { addModelOptions, type ModelOptions } from '../options/model-options.js'
import { wholeNumber } from '../options/numbers.js'
import { checkStatePath, readState, writeState } from '../tensors/state-file.js'
import { readTokens, type TokenRange, tokenRange, type TokenRows } from '../tensors/token-file.js'
import { showBytes } from '../terminal/units.js'

interface LogitsOptions extends ModelOptions {
  readonly tokens: string
  readonly tensor: string
  readonly mask?: string
  readonly range?: TokenRange
  readonly form: RetentionForm
  readonly chunk?: number
  readonly out: string
  readonly stateIn?: string
  readonly stateOut?: string
  readonly json?: boolean
}

/** One tensor in memory; larger ones come in parts, with --state-out and --state-in. */
const maxLogitBytes = 2 ** 32

export function addLogits(program: Command, io: Io): void {
  addModelOptions(program.command('logits'))
    .description('Compute the logits [B, T, V] of given tokens [B, T] and write them to a safetensors file.')
    .requiredOption('-t, --tokens <file>', 'safetensors file with the tokens, I32 or I64 [B, T]')
    .option('--tensor <name>', 'name of that tensor', 'tokens')
    .option('--mask <name>', 'tensor [B, T] of the same file: 1 for a token, 0 for padding')
    .option('--range <from:to>', 'only these positions of each row, such as 0:150 or 150:', tokenRange)
    .addOption(
      new Option('--form <form>', 'how retention is computed; all give the same up to rounding')
        .choices(['auto', 'parallel', 'recurrent', 'chunkwise'])
        .default('auto'),
    )
    .option('--chunk <n>', 'tokens per chunk of the chunkwise form', wholeNumber(1))
    .requiredOption('-o, --out <file>', 'file to write')
    .option('--state-in <file>', 'state to begin with: from --state-out, or a snapshot (B = 1)')
    .option('--state-out <file>', 'write the state after the last token: as tensors (*.safetensors) or as a snapshot')
    .option('--json', 'print one JSON object about what was written')
    .addHelpText('after', examples)
    .action((options: LogitsOptions) => runLogits(io, options))
}

const examples = `
Examples:
  retnet logits --tokens tokens.safetensors --form chunkwise --chunk 64 --out logits.safetensors
  retnet logits --tokens t.safetensors --range 0:150 --out a.safetensors --state-out state.safetensors
  retnet logits --tokens t.safetensors --range 150: --out b.safetensors --state-in state.safetensors`

async function runLogits(io: Io, options: LogitsOptions): Promise<void> {
  if (options.chunk !== undefined && options.form !== 'chunkwise') {
    throw new UsageError(`--chunk: the form is ${options.form}.`, 'Add --form chunkwise, or leave --chunk out.')
  }
  const rows = await readTokens(options.tokens, options)
  const shape = await withModel(io, options, (loaded) => compute(io, loaded, rows, options))
  if (options.json) return writeJson(io, { out: options.out, shape, form: options.form })
  await write(io.stdout, `wrote logits [${shape.join(', ')}] to ${options.out}\n`)
}

async function compute(io: Io, { model }: OpenModel, { tokens, mask, shape }: TokenRows, options: LogitsOptions) {
  const [rows, length] = shape
  const { vocabSize } = model.spec
  model.checkTokens(tokens)
  if (options.stateOut !== undefined) checkStatePath(options.stateOut, rows)
  checkSize(rows * length * vocabSize * 4)
  const { form, chunk } = options
  const program = await model.program('logits', { rows, length }, { form, ...(chunk !== undefined && { chunk }) })
  using state = await readState(options.stateIn, model, program, rows)
  const { logits } = await program.run({ tokens, mask }, state, { signal: io.signal })
  const logitShape = [rows, length, vocabSize]
  await writeSafetensors(options.out, [{ name: 'logits', shape: logitShape, data: logits }], {}, { signal: io.signal })
  if (options.stateOut !== undefined) await writeState(options.stateOut, model, program, state)
  return logitShape
}

function checkSize(bytes: number): void {
  if (bytes <= maxLogitBytes) return
  const fix = 'Split the tokens and continue with --state-out and --state-in.'
  throw new CommandError(`logits: expected at most ${showBytes(maxLogitBytes)}, got ${showBytes(bytes)}.`, fix)
}
