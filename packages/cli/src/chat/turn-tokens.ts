/** The tokens of a line that was typed: by the chat template of the model, or between two texts. */
import type { TextCodec } from '@retnet/generate'
import { CommandError } from '../errors.js'
import type { ChatEncoder } from '../text/chat-encoder.js'
import { defaultMaxPromptTokens, promptTokens } from '../text/prompt-tokens.js'
import type { Conversation } from './conversation.js'

/** From a line to the tokens that take it in, behind what the conversation holds. */
export type TurnTokens = (line: string, conversation: Conversation) => Int32Array

export function byTemplate(encoder: ChatEncoder): TurnTokens {
  return (line, { current, lastToken }) => {
    const messages = [{ role: 'user' as const, content: line }]
    const isFirst = current.session.length === 0
    const ids = isFirst ? encoder.encode(messages) : encoder.proceed(messages, lastToken)
    if (ids !== null) return Int32Array.from(ids)
    throw new CommandError(
      'chat: the template of this model does not put a message behind an answer.',
      'Say with --before and --after what stands around a line.',
    )
  }
}

/** `before` and `after` stand around each line, but `before` not at the beginning of a text. */
export function betweenTexts(before: string, after: string, codec: TextCodec, bosToken: number | null): TurnTokens {
  return (line, { current }) => {
    const isFirst = current.session.length === 0
    const text = `${isFirst ? '' : unescaped(before)}${line}${unescaped(after)}`
    return promptTokens(text, codec, isFirst ? bosToken : null, defaultMaxPromptTokens)
  }
}

function unescaped(text: string): string {
  return text.replaceAll('\\n', '\n').replaceAll('\\t', '\t')
}
