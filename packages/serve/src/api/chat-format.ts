/** Choices of /v1/chat/completions. */
import { type Choice, type Format, type TokenEvent, isEnd, textOf } from './format.js'
import type { ServedCodec } from './served-model.js'

export function chatFormat(codec: ServedCodec): Format {
  const entry = (id: number, logprob: number) => {
    const token = codec.decode([id])
    // a part of a character has no text, and so no bytes to tell
    return { token, logprob, bytes: token.includes('\uFFFD') ? null : [...new TextEncoder().encode(token)] }
  }
  const logprobsOf = (choice: Choice, events: readonly TokenEvent[]) => {
    if (!choice.logprobs) return null
    const tokens = events.filter((event) => event.kind === 'token' && !isEnd(choice, event))
    return {
      content: tokens.map(({ id, logprob, top = [] }) => ({
        ...entry(id, logprob ?? 0),
        top_logprobs: top.map((one) => entry(one.id, one.logprob)),
      })),
      refusal: null,
    }
  }
  return {
    idPrefix: 'chatcmpl',
    object: 'chat.completion',
    chunkObject: 'chat.completion.chunk',
    opening: ({ index }) => {
      return { index, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }
    },
    delta(choice, event, finishReason) {
      if (event.kind !== 'token') return null
      const logprobs = logprobsOf(choice, [event])
      const { text } = event
      if (text === '' && finishReason === null && logprobs === null) return null
      return { index: choice.index, delta: text === '' ? {} : { content: text }, logprobs, finish_reason: finishReason }
    },
    ending: ({ index }, finishReason) => ({ index, delta: {}, logprobs: null, finish_reason: finishReason }),
    whole: ({ choice, events, finishReason }) => ({
      index: choice.index,
      message: { role: 'assistant', content: textOf(events), refusal: null },
      logprobs: logprobsOf(choice, events),
      finish_reason: finishReason,
    }),
  }
}
