/** From conversations to token ids, by the chat template in the folder of a model. */
import type { ModelFolder } from '@retnet/formats'
import type { ChatMessage } from '@retnet/serve'
import type { Tokenizer } from '@retnet/tokenizer'
import { ChatTemplate } from '@retnet/tokenizer/chat'
import { CommandError } from '../errors.js'

export interface ChatEncoder {
  /** Up to where the answer begins. */
  encode(messages: readonly ChatMessage[]): Uint32Array
  /**
   * What follows an answer whose last token is `last`, up to where the next one begins. Null if the template does not put the answer
   * behind what comes before it and the messages behind the answer.
   */
  proceed(messages: readonly ChatMessage[], last: number): Uint32Array | null
}

/** The files of a model that may have a template. */
export interface ChatTexts {
  readonly tokenizerConfig?: string
  readonly chatTemplate?: string
}

export async function readChatTexts(folder: ModelFolder): Promise<ChatTexts> {
  const files = await folder.list()
  const read = async (name: string) => (files.includes(name) ? folder.readText(name) : undefined)
  const [tokenizerConfig, chatTemplate] = [await read('tokenizer_config.json'), await read('chat_template.jinja')]
  return { ...(tokenizerConfig && { tokenizerConfig }), ...(chatTemplate && { chatTemplate }) }
}

export async function openChatEncoder(folder: ModelFolder, tokenizer: Tokenizer): Promise<ChatEncoder | undefined> {
  return createChatEncoder(await readChatTexts(folder), tokenizer)
}

/** Undefined where there is no template. Throws ChatTemplateError for one that is broken. */
export async function createChatEncoder(texts: ChatTexts, tokenizer: Tokenizer): Promise<ChatEncoder | undefined> {
  const template = await ChatTemplate.load(texts, { jinja: await import('@huggingface/jinja') })
  if (!template.names.includes('default')) return undefined
  const render = (messages: readonly ChatMessage[]) => {
    return template.apply(
      messages.map((message) => ({ ...message })),
      { addGenerationPrompt: true },
    )
  }
  return {
    encode(messages) {
      for (const message of messages) requirePlain(message, tokenizer)
      // the template has put the special tokens in
      return tokenizer.encode(render(messages))
    },
    proceed(messages, last) {
      for (const message of messages) requirePlain(message, tokenizer)
      const rest = restOf(render, messages)
      if (rest === null) return null
      const ids = tokenizer.encode(rest)
      // an answer that was not cut off has its end already
      return ids[0] === last ? ids.subarray(1) : ids
    },
  }
}

const question: ChatMessage = { role: 'user', content: 'A question' }
const answer: ChatMessage = { role: 'assistant', content: 'The-one-answer' }

/** What the template writes behind any answer, seen at one. */
function restOf(render: (messages: readonly ChatMessage[]) => string, messages: readonly ChatMessage[]): string | null {
  const whole = render([question, answer, ...messages])
  const at = whole.indexOf(answer.content)
  // some templates write a space before an answer that is there, and leave it to the model to write one itself
  const follows = at >= 0 && whole.slice(0, at).trimEnd() === render([question]).trimEnd()
  return follows ? whole.slice(at + answer.content.length) : null
}

/** Inside a template the text of a special token would become that token: who writes a message could end it and speak for others. */
function requirePlain({ role, content }: ChatMessage, { specialTokens }: Tokenizer): void {
  const token = [...specialTokens.keys()].find((text) => text !== '' && content.includes(text))
  if (token === undefined) return
  throw new CommandError(`messages: one of ${role} has the special token ${token} in it.`, 'Write it in another way.')
}
