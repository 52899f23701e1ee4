/** From conversations to token ids, by the chat template in the folder of a model. */
import type { ModelFolder } from '@retnet/formats'
import type { ChatMessage, ServedModel } from '@retnet/serve'
import type { Tokenizer } from '@retnet/tokenizer'
import { ChatTemplate } from '@retnet/tokenizer/chat'
import { CommandError } from '../errors.js'
import { continuationOf } from './chat-continuation.js'

/** The two of a served model. */
export type ChatEncoder = Required<Pick<ServedModel, 'encodeChat' | 'continueChat'>>

/** Undefined for a folder without a template. Throws ChatTemplateError for one that is broken. */
export async function openChatEncoder(folder: ModelFolder, tokenizer: Tokenizer): Promise<ChatEncoder | undefined> {
  const files = await folder.list()
  const read = async (name: string) => (files.includes(name) ? folder.readText(name) : undefined)
  const [tokenizerConfig, chatTemplate] = [await read('tokenizer_config.json'), await read('chat_template.jinja')]
  const jinja = await import('@huggingface/jinja')
  const template = await ChatTemplate.load(
    { ...(tokenizerConfig && { tokenizerConfig }), ...(chatTemplate && { chatTemplate }) },
    { jinja },
  )
  if (!template.names.includes('default')) return undefined
  const textOf = (messages: readonly ChatMessage[]) => {
    const plain = messages.map((message) => ({ ...message }))
    return template.apply(plain, { addGenerationPrompt: true })
  }
  // the template has put the special tokens in
  return {
    encodeChat(messages) {
      for (const message of messages) requirePlain(message, tokenizer)
      return tokenizer.encode(textOf(messages))
    },
    continueChat(messages, last) {
      for (const message of messages) requirePlain(message, tokenizer)
      const text = continuationOf(textOf, messages)
      if (text === null) return null
      const ids = tokenizer.encode(text)
      // the answer may have ended with the token that the template puts after it, or without
      return ids[0] === last ? ids.subarray(1) : ids
    },
  }
}

/** Inside a template the text of a special token would become that token: who writes a message could end it and speak for others. */
function requirePlain({ role, content }: ChatMessage, { specialTokens }: Tokenizer): void {
  const token = [...specialTokens.keys()].find((text) => text !== '' && content.includes(text))
  if (token === undefined) return
  throw new CommandError(`messages: one of ${role} has the special token ${token} in it.`, 'Write it in another way.')
}
