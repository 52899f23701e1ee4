/** `retnet eval`: the loss of a model over a text, by the protocol of the reference evaluations of the bundled models. */
import type { WeightEncoding } from '@retnet/core'
import type { Command } from 'commander'
import { CommandError } from '../errors.js'
import { type Evaluation, evaluate } from '../evaluate/evaluate.js'
import { tokenBytes } from '../evaluate/token-bytes.js'
import { type Io, write, writeJson } from '../io.js'
import { type OpenModel, requireTokenizer, withModel } from '../model/open-model.js'
import { addModelOptions, type ModelOptions } from '../options/model-options.js'
import { wholeNumber } from '../options/numbers.js'
import { createProgress } from '../terminal/progress.js'
import { showBytes, showCount, showRate } from '../terminal/units.js'
import { readText } from '../text/read-text.js'

interface EvalOptions extends ModelOptions {
  readonly text: string
  readonly window: number
  readonly windows?: number
  readonly stateful?: boolean
  readonly byPosition?: boolean
  readonly json?: boolean
}

export function addEval(program: Command, io: Io): void {
  addModelOptions(program.command('eval'))
    .description('Measure how well a model predicts a text: loss in nats per token, perplexity, bits per byte.')
    .requiredOption('-t, --text <file>', 'text in UTF-8; - reads stdin')
    .option('--window <tokens>', 'tokens of a window', wholeNumber(2, 65_536), 512)
    .option('--windows <n>', 'stop after so many windows (default: the whole text)', wholeNumber(1))
    .option('--stateful', 'carry the state from window to window, so that each token is predicted from all before it')
    .option('--by-position', 'also the loss by position in the window')
    .option('--json', 'print one JSON object')
    .addHelpText('after', explanation)
    .action((options: EvalOptions) => runEval(io, options))
}

const explanation = `
Protocol: the tokens are the one that begins a text (bos_token_id) and the encoding of the whole file, in which special
tokens such as <|endoftext|> count as tokens. Windows without overlap from the start; each begins with an empty state,
and the loss is that of its tokens 1 to T-1. With --stateful every token after the first is counted. Bits per byte: the
sum of these losses in bits, divided by the bytes of text in the windows. That includes the first token of each window,
which nothing predicts: a difference of one part in the window, and none with --stateful.

Examples:
  retnet eval --text valid.txt --windows 64
  retnet eval --text valid.txt --window 4096 --windows 16 --by-position --json
  retnet eval --text valid.txt --stateful --dtype q4`

async function runEval(io: Io, options: EvalOptions): Promise<void> {
  const text = await readText(io, options.text)
  const [result, held] = await withModel(io, options, async (loaded) => {
    const { name, dtype, backend, model } = loaded
    const which = { model: name, dtype, weightBytes: model.weightBytes, backend: backend.limits.description }
    return [await evaluateText(io, loaded, text, options), which] as const
  })
  const { tokens, windows, loss, bytes, tokensPerSecond, byPosition } = result
  const summary: Summary = {
    ...held,
    tokens,
    windows,
    loss,
    perplexity: Math.exp(loss),
    bitsPerByte: (loss * tokens) / Math.LN2 / bytes,
    tokensPerSecond,
    ...(options.byPosition && { byPosition }),
  }
  if (options.json) return writeJson(io, summary)
  await write(io.stdout, describe(summary))
}

async function evaluateText(io: Io, loaded: OpenModel, text: string, options: EvalOptions): Promise<Evaluation> {
  const tokenizer = await requireTokenizer(loaded)
  const { bosToken } = loaded.generation
  const tokens = Int32Array.from([...(bosToken === null ? [] : [bosToken]), ...tokenizer.encode(text)])
  if (tokens.length < 2) {
    throw new CommandError(`${options.text}: the text is empty, so there is nothing to predict.`, 'Give a longer text.')
  }
  const bytes = tokenBytes(tokenizer, tokens)
  if (bosToken !== null) bytes[0] = 0
  using progress = createProgress(io, 'evaluating', (windows) => `${showCount(windows)} windows`)
  return await evaluate(loaded.model, tokens, bytes, {
    size: Math.min(options.window, tokens.length),
    count: options.windows,
    stateful: options.stateful ?? false,
    signal: io.signal,
    onProgress: (done, total) => progress.update(done, total),
  })
}

interface Summary {
  readonly model: string
  readonly dtype: WeightEncoding
  /** On the backend. */
  readonly weightBytes: number
  readonly backend: string
  readonly tokens: number
  readonly windows: number
  readonly loss: number
  readonly perplexity: number
  readonly bitsPerByte: number
  readonly tokensPerSecond: number
  readonly byPosition?: Readonly<Record<string, number>>
}

function describe(summary: Summary): string {
  const { tokens, windows, loss, perplexity, bitsPerByte, tokensPerSecond, byPosition = {} } = summary
  const rows = [
    ['loss', `${loss.toFixed(6)} nats per token`],
    ['perplexity', perplexity.toFixed(3)],
    ['bits per byte', bitsPerByte.toFixed(5)],
    ['weights', `${showBytes(summary.weightBytes)}, ${summary.dtype}`],
    ['counted', `${showCount(tokens)} tokens in ${showCount(windows)} windows`],
    ['speed', `${showRate(tokensPerSecond)} tokens/s`],
    ...Object.entries(byPosition).map(([range, mean]) => [`at ${range}`, mean.toFixed(6)]),
  ]
  return rows.map(([label, value]) => `${label.padEnd(15)}${value}\n`).join('')
}
