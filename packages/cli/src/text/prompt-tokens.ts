/** From the text of a prompt to its tokens, with limits that are checked before the work. */
import type { TextCodec } from '@retnet/generate'
import { CommandError } from '../errors.js'
import { showCount } from '../terminal/units.js'

export const defaultMaxPromptTokens = 1_000_000

/** `bosToken` goes before a text that begins. A longer prompt than `most` is refused: at a few thousand tokens a second it takes minutes. */
export function promptTokens(text: string, codec: TextCodec, bosToken: number | null, most: number): Int32Array {
  const ids = codec.encode(text)
  const start = bosToken === null ? [] : [bosToken]
  if (ids.length > most) {
    throw new CommandError(
      `prompt: expected at most ${showCount(most)} tokens, got ${showCount(ids.length)} (${showCount(text.length)} characters).`,
      'Shorten it, or raise --max-prompt-tokens: memory stays the same, only time grows.',
    )
  }
  const tokens = new Int32Array(start.length + ids.length)
  tokens.set(start)
  tokens.set(ids, start.length)
  return tokens
}
