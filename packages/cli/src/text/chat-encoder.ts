/** From conversations to token ids, by the chat template in the folder of a model. */
import type { ModelFolder } from '@retnet/formats'
import type { ChatMessage } from '@retnet/serve'
import type { Tokenizer } from '@retnet/tokenizer'
import { ChatTemplate } from '@retnet/tokenizer/chat'
import { CommandError } from '../errors.js'

export type ChatEncoder = (messages: readonly ChatMessage[]) => Uint32Array

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
  return (messages) => {
    for (const message of messages) requirePlain(message, tokenizer)
    // the template has put the special tokens in
    return tokenizer.encode(
      template.apply(
        messages.map((message) => ({ ...message })),
        { addGenerationPrompt: true },
      ),
    )
  }
}

/** Inside a template the text of a special token would become that token: who writes a message could end it and speak for others. */
function requirePlain({ role, content }: ChatMessage, { specialTokens }: Tokenizer): void {
  const token = [...specialTokens.keys()].find((text) => text !== '' && content.includes(text))
  if (token === undefined) return
  throw new CommandError(`messages: one of ${role} has the special token ${token} in it.`, 'Write it in another way.')
}
