import { GenerateArgumentError } from '../errors.js'
import type { TextCodec } from '../language-model.js'

/** Text, if there is a codec, or token ids. */
export type Prompt = string | ArrayLike<number>

/** The ids of a prompt, as a copy. Whether the vocabulary has them is for the model to say. */
export function idsOf(prompt: Prompt, codec: TextCodec | undefined): ArrayLike<number> {
  if (typeof prompt === 'string') {
    if (codec) return codec.encode(prompt)
    throw new GenerateArgumentError({
      argument: 'prompt',
      expected: 'token ids, since there is no codec',
      actual: prompt,
      fix: 'Pass a tokenizer as `codec`.',
    })
  }
  if (Array.isArray(prompt) || (ArrayBuffer.isView(prompt) && 'length' in prompt)) return Array.from(prompt)
  throw new GenerateArgumentError({ argument: 'prompt', expected: 'a string or an array of ids', actual: prompt })
}
