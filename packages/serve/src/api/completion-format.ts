/** Choices of /v1/completions. */
import { type Choice, type Format, type TokenEvent, isEnd, textOf } from './format.js'
import type { ServedCodec } from './served-model.js'

interface Logprobs {
  tokens: string[]
  token_logprobs: (number | null)[]
  top_logprobs: (Record<string, number> | null)[]
  text_offset: number[]
}

export function completionFormat(codec: ServedCodec): Format {
  const logprobsOf = (choice: Choice, events: readonly TokenEvent[]): Logprobs | null => {
    if (!choice.logprobs) return null
    const all: Logprobs = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] }
    for (const event of events) if (!isEnd(choice, event)) add(all, choice, event, codec)
    return all
  }
  return {
    idPrefix: 'cmpl',
    object: 'text_completion',
    chunkObject: 'text_completion',
    opening: ({ index, echo }) => (echo === '' ? null : { index, text: echo, logprobs: null, finish_reason: null }),
    delta(choice, event, finishReason) {
      const logprobs = logprobsOf(choice, [event])
      const { text = '' } = event.kind === 'token' ? event : {}
      if (text === '' && finishReason === null && logprobs === null) return null
      return { index: choice.index, text, logprobs, finish_reason: finishReason }
    },
    ending: ({ index }, finishReason) => ({ index, text: '', logprobs: null, finish_reason: finishReason }),
    whole: ({ choice, events, finishReason }) => ({
      index: choice.index,
      text: choice.echo + textOf(events),
      logprobs: logprobsOf(choice, events),
      finish_reason: finishReason,
    }),
  }
}

function add(all: Logprobs, choice: Choice, event: TokenEvent, codec: ServedCodec): void {
  const token = codec.decode([event.id])
  all.tokens.push(token)
  all.token_logprobs.push(event.logprob ?? null)
  const top = (event.top ?? []).map(({ id, logprob }) => [codec.decode([id]), logprob] as const)
  all.top_logprobs.push(top.length === 0 ? null : Object.fromEntries(top))
  all.text_offset.push(choice.offset)
  choice.offset += token.length
}
