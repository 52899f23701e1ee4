/** `retnet generate`: continues a text, as a stream on stdout or as one JSON object. */
import { writeAtomically } from '@retnet/formats'
import { readFile } from 'node:fs/promises'
import {
  createSession,
  GenerateArgumentError,
  type GeneratePiece,
  type GenerateResult,
  restoreSession,
  type Session,
  type TextCodec,
} from '@retnet/generate'
import type { Command } from 'commander'
import { CommandError, UsageError } from '../errors.js'
import { type Io, write, writeJson } from '../io.js'
import { type OpenModel, requireTokenizer, withModel } from '../model/open-model.js'
import { addModelOptions, type ModelOptions } from '../options/model-options.js'
import { wholeNumber } from '../options/numbers.js'
import { addSamplingOptions, generateOptions, type SamplingOptions } from '../options/sampling-options.js'
import { showSummary } from '../terminal/summary.js'
import { appendTokens } from '../text/append-tokens.js'
import { codecOf } from '../text/codec.js'
import { defaultMaxPromptTokens, promptTokens } from '../text/prompt-tokens.js'
import { readText } from '../text/read-text.js'

interface CommandOptions extends ModelOptions, SamplingOptions {
  readonly prompt?: string
  readonly maxPromptTokens: number
  readonly logprobs?: number
  readonly echo?: boolean
  readonly snapshotIn?: string
  readonly snapshotOut?: string
  readonly json?: boolean
}

export function addGenerate(program: Command, io: Io): void {
  const command = addModelOptions(program.command('generate'))
    .description('Continue a text.')
    .option('-p, --prompt <text>', 'the text to continue; - reads stdin (default: none, the model begins)')
    .option('--max-prompt-tokens <n>', 'refuse longer prompts', wholeNumber(1), defaultMaxPromptTokens)
  addSamplingOptions(command)
    .option('--logprobs <n>', 'with --json: log-probability of each token, and of the n best', wholeNumber(0))
    .option('--echo', 'write the prompt before the text (default on a terminal)')
    .option('--no-echo', 'write the text alone (default elsewhere)')
    .option('--snapshot-in <file>', 'continue from a snapshot instead of an empty text')
    .option('--snapshot-out <file>', 'write a snapshot after the last token')
    .option('--json', 'print one JSON object instead of a stream')
    .addHelpText('after', examples)
    .action((options: CommandOptions) => runGenerate(io, options))
}

const examples = `
What a flag does not set comes from the generation_config.json of the model.

Examples:
  retnet generate --prompt "It was a dark and stormy night" --max-tokens 40 --seed 1
  retnet generate --prompt - --temperature 0 --json < prompt.txt
  retnet generate --prompt "The old house" --snapshot-out house.state
  retnet generate --snapshot-in house.state --prompt " and the garden"`

async function runGenerate(io: Io, options: CommandOptions): Promise<void> {
  if (options.echo && options.json) throw new UsageError('--echo: the JSON object has the text alone.', 'Leave it out.')
  if (options.logprobs !== undefined && !options.json) {
    throw new UsageError('--logprobs: the text alone has no place for them.', 'Add --json.')
  }
  const prompt = options.prompt === '-' ? await readText(io, '-') : (options.prompt ?? '')
  await withModel(io, options, (loaded) => generateText(io, loaded, prompt, options))
}

async function generateText(io: Io, loaded: OpenModel, prompt: string, options: CommandOptions): Promise<void> {
  const { logprobs, snapshotOut, json } = options
  const codec = codecOf(await requireTokenizer(loaded))
  using session = await openSession(loaded, codec, options)
  const settings = { ...generateOptions(options, loaded.generation), logprobs, signal: io.signal }
  // made before the prompt is read: it refuses what it cannot do at once
  const stream = session.generate(settings)
  const started = performance.now()
  const bosToken = session.length === 0 ? loaded.generation.bosToken : null
  await appendTokens(io, session, promptTokens(prompt, codec, bosToken, options.maxPromptTokens), io.signal)
  if (!json && (options.echo ?? io.stdout.isTTY === true)) await write(io.stdout, prompt)
  const pieces: GeneratePiece[] = []
  let ttftMs = 0
  for await (const piece of stream) {
    if (pieces.length === 0) ttftMs = performance.now() - started
    pieces.push(piece)
    if (!json) await write(io.stdout, piece.text)
  }
  const result = { ...(await stream.result), ttftMs }
  if (snapshotOut !== undefined) await writeAtomically(snapshotOut, async (put) => put(await session.snapshot()))
  if (json) return writeJson(io, jsonOf(result, pieces, logprobs))
  await endText(io, result, loaded)
}

async function openSession(loaded: OpenModel, codec: TextCodec, { snapshotIn }: CommandOptions): Promise<Session> {
  const { bosToken } = loaded.generation
  const options = { codec, ...(bosToken !== null && { bosToken }) }
  if (snapshotIn === undefined) return createSession(loaded.model, options)
  const bytes = new Uint8Array(await readFile(snapshotIn))
  try {
    return await restoreSession(loaded.model, bytes, options)
  } catch (error) {
    if (!(error instanceof GenerateArgumentError) || error.argument !== 'bytes') throw error
    const fix = 'Use a file from --snapshot-out or /save; one from `retnet logits --state-out` has no text.'
    throw new CommandError(`${snapshotIn}: the snapshot holds a state, but not a text to continue.`, fix)
  }
}

async function endText(io: Io, result: GenerateResult, loaded: OpenModel): Promise<void> {
  if (!result.text.endsWith('\n')) await write(io.stdout, '\n')
  await write(io.stderr, `${showSummary(result, loaded.backend)}\n`)
}

function jsonOf(result: GenerateResult, pieces: readonly GeneratePiece[], logprobs: number | undefined) {
  const {
    text,
    ids,
    promptTokens: prompt,
    completionTokens,
    stateBytes,
    ttftMs,
    tokensPerSecond,
    finishReason,
    seed,
  } = result
  return {
    text,
    ids,
    promptTokens: prompt,
    completionTokens,
    stateBytes,
    ttftMs,
    tokensPerSecond,
    finishReason,
    seed,
    ...(logprobs !== undefined && { logprobs: pieces.map(({ id, logprob, top }) => ({ id, logprob, top })) }),
  }
}
