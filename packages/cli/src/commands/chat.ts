/** `retnet chat`: a text that you and the model write by turns, with branches, snapshots and a way back. */
import type { GenerateOptions } from '@retnet/generate'
import type { Command } from 'commander'
import { Conversation } from '../chat/conversation.js'
import { betweenTexts, byTemplate, type TurnTokens } from '../chat/turn-tokens.js'
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
import { openChatEncoder } from '../text/chat-encoder.js'

interface ChatOptions extends ModelOptions, SamplingOptions {
  readonly before?: string
  readonly after?: string
}

export function addChat(program: Command, io: Io): void {
  addSamplingOptions(addModelOptions(program.command('chat')))
    .description('Write a text by turns: you type a line, the model goes on, by its chat template if it has one.')
    .option(
      '--before <text>',
      'put before each line that you type, but the first; \\n is a new line (default: "\\\\n")',
    )
    .option('--after <text>', 'put after each line that you type; with either of them a chat template is left alone')
    .addHelpText('after', `\nIn the chat:\n${slashHelp()}\n  Ctrl-C         stop an answer, or leave\n${examples}`)
    .action((options: ChatOptions) => withModel(io, options, (loaded) => chat(io, loaded, options)))
}

const examples = `
Examples:
  retnet chat --temperature 0.7 --max-tokens 80
  retnet chat --before "\\n\\nQ: " --after "\\nA:" --stop "Q:"`

async function chat(io: Io, loaded: OpenModel, options: ChatOptions): Promise<void> {
  const { bosToken } = loaded.generation
  const tokenizer = await requireTokenizer(loaded)
  const codec = codecOf(tokenizer)
  const { before, after } = options
  const isPlain = before !== undefined || after !== undefined
  const encoder = isPlain ? undefined : await openChatEncoder(loaded.folder, tokenizer)
  const tokensOf = encoder ? byTemplate(encoder) : betweenTexts(before ?? '\\n', after ?? '', codec, bosToken)
  using conversation = await Conversation.create(loaded.model, { codec, ...(bosToken !== null && { bosToken }) })
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
    await respond(
      { io, loaded, options, conversation, tokensOf, signal: AbortSignal.any([io.signal, answer.signal]) },
      line,
    )
    answer = undefined
  }
}

interface Turn {
  readonly io: Io
  readonly loaded: OpenModel
  readonly options: ChatOptions
  readonly conversation: Conversation
  readonly tokensOf: TurnTokens
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

async function answerLine({ io, loaded, options, conversation, tokensOf, signal }: Turn, line: string): Promise<void> {
  const settings: GenerateOptions = { ...generateOptions(options, loaded.generation), signal }
  const tokens = tokensOf(line, conversation)
  conversation.beginTurn()
  const { session, turns } = conversation.current
  // without a seed of its own each turn draws anew; with one, turns differ since places in the text do
  const stream = session.generate(settings)
  await appendTokens(io, session, tokens, signal)
  for await (const piece of stream) {
    conversation.took(piece.id)
    await write(io.stdout, piece.text)
  }
  await write(io.stdout, '\n')
  if (io.stderr.isTTY) await write(io.stderr, `(turn ${turns}: ${showSummary(await stream.result, loaded.backend)})\n`)
}
