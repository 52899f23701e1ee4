/** Decodes ids token by token through the stages of the file: any decoder but `ByteLevel` alone. */
import type { DecodeStream } from './decode-stream.js'
import type { DecoderStage } from './decoder.js'
import { checkId } from '../check-id.js'
import type { TokenTable } from './id-decoder.js'

export function decodeTokens(
  { tokens, special }: TokenTable,
  ids: ArrayLike<number>,
  skip: boolean,
  stage: DecoderStage,
): string {
  for (let i = 0; i < ids.length; i++) checkId(ids[i], i, tokens.length)
  let text = ''
  const emit = (part: string): void => void (text += part)
  for (let i = 0; i < ids.length; i++) if (!(skip && special[ids[i]])) stage.push(tokens[ids[i]], emit)
  stage.end(emit)
  return text
}

export function createTokenStream({ tokens, special }: TokenTable, skip: boolean, stage: DecoderStage): DecodeStream {
  let text = ''
  const emit = (part: string): void => void (text += part)
  const take = (): string => {
    const taken = text
    text = ''
    return taken
  }
  return {
    push(id) {
      checkId(id, -1, tokens.length)
      if (!(skip && special[id])) stage.push(tokens[id], emit)
      return take()
    },
    flush() {
      stage.end(emit)
      return take()
    },
  }
}
