/** `retnet chat`: a text that you and the model write by turns, with branches, snapshots and a way back. */
import type { GenerateOptions } from '@retnet/generate'
import type { Command } from 'commander'
import { Conversation } from '../chat/conversation.js'
import { runSlashCommand, slashHelp } from '../chat/slash-commands.js'
import { InterruptedError } from '../errors.js'
import { messageOf } from '../exit.js'
import { type Io, write } from '../io.js'
import { type OpenModel, requireTokenizer, withModel } from '../model/open-model.js'
import { addModelOptions, type ModelOptions } from '../options/model-options.js'
import { addSamplingOptions, generateOptions, type SamplingOptions } from '../options/sampling-options.js'
import { createLines } from '../terminal/lines.js'
import { showSummary } from '../terminal/summary.js'
import { appendTokens } from '../text/append-tokens.js'
import { codecOf } from '../text/codec.js'
import { defaultMaxPromptTokens, promptTokens } from '../text/prompt-tokens.js'

interface ChatOptions extends ModelOptions, SamplingOptions {
  readonly before: string
  readonly after: string
}

export function addChat(program: Command, io: Io): void {
  addSamplingOptions(addModelOptions(program.command('chat')))
    .description('Write a text by turns: you type a line, the model goes on.')
    .option('--before <text>', 'put before each line that you type, but the first; \\n is a new line', '\\n')
    .option('--after <text>', 'put after each line that you type', '')
    .addHelpText('after', `\nIn the chat:\n${slashHelp()}\n  Ctrl-C         stop an answer, or leave\n${examples}`)
    .action((options: ChatOptions) => withModel(io, options, (loaded) => chat(io, loaded, options)))
}

const examples = `
Examples:
  retnet chat --temperature 0.7 --max-tokens 80
  retnet chat --before "\\n\\nQ: " --after "\\nA:" --stop "Q:"`

async function chat(io: Io, loaded: OpenModel, options: ChatOptions): Promise<void> {
  const { bosToken } = loaded.generation
  const sessionOptions = { codec: codecOf(await requireTokenizer(loaded)), ...(bosToken !== null && { bosToken }) }
  using conversation = await Conversation.create(loaded.model, sessionOptions)
  let answer: AbortController | undefined
  let left = false
  using lines = createLines(io, () => {
    if (answer) return answer.abort()
    left = true
    lines[Symbol.dispose]()
  })
  if (io.stdin.isTTY) await write(io.stderr, `${loaded.name}. Type a line; /help lists the commands.\n`)
  for (;;) {
    const line = await lines.next(`${conversation.name}> `)
    if (left || io.signal.aborted) throw new InterruptedError()
    if (line === null || /^\/(quit|exit)\s*$/.test(line)) return
    answer = new AbortController()
    await respond({ io, loaded, options, conversation, signal: AbortSignal.any([io.signal, answer.signal]) }, line)
    answer = undefined
  }
}

interface Turn {
  readonly io: Io
  readonly loaded: OpenModel
  readonly options: ChatOptions
  readonly conversation: Conversation
  readonly signal: AbortSignal
}

// what goes wrong in a turn is told, and the chat goes on
async function respond(turn: Turn, line: string): Promise<void> {
  const { io, conversation, signal } = turn
  try {
    if (line.startsWith('/')) await write(io.stderr, `${await runSlashCommand(conversation, line)}\n`)
    else await answerLine(turn, line)
  } catch (error) {
    if (io.signal.aborted) throw error
    await write(io.stderr, signal.aborted ? '\n(stopped)\n' : `${messageOf(error)}\n`)
  }
}

async function answerLine({ io, loaded, options, conversation, signal }: Turn, line: string): Promise<void> {
  const settings: GenerateOptions = { ...generateOptions(options, loaded.generation), signal }
  conversation.beginTurn()
  const { session, turns } = conversation.current
  const first = session.length === 0
  const text = `${first ? '' : unescaped(options.before)}${line}${unescaped(options.after)}`
  const codec = codecOf(await requireTokenizer(loaded))
  const tokens = promptTokens(text, codec, first ? loaded.generation.bosToken : null, defaultMaxPromptTokens)
  // without a seed of its own each turn draws anew; with one, turns differ since places in the text do
  const stream = session.generate(settings)
  await appendTokens(io, session, tokens, signal)
  for await (const piece of stream) {
    await write(io.stdout, piece.text)
  }
  await write(io.stdout, '\n')
  if (io.stderr.isTTY) await write(io.stderr, `(turn ${turns}: ${showSummary(await stream.result, loaded.backend)})\n`)
}

function unescaped(text: string): string {
  return text.replaceAll('\\n', '\n').replaceAll('\\t', '\t')
}
