/** Where the next token comes from: the sampler here, over logits of the model, or draws of the model itself, several at once. */
import type { GenerateSettings } from '../options/generate-options.js'
import { type LogProbabilities, logProbabilities } from '../sampling/log-probabilities.js'
import { createSampler } from '../sampling/sampler.js'
import type { Cursor } from '../session/cursor.js'

export interface Choice {
  readonly id: number
  readonly probabilities: LogProbabilities | undefined
}

/** Adds a token to the cursor, of which `left` more are wanted. */
export type Choose = (left: number) => Promise<Choice>

export function createChooser(cursor: Cursor, settings: GenerateSettings): Choose {
  const one = chooseOne(cursor, settings)
  // a log-probability needs the logits
  return cursor.model.drawsTokens && settings.logprobs === undefined ? chooseMany(cursor, settings, one) : one
}

function chooseOne(cursor: Cursor, { seed, logprobs, signal, ...rules }: GenerateSettings): Choose {
  const sample = createSampler(rules, cursor.model.spec.vocabSize)
  return async () => {
    let probabilities: LogProbabilities | undefined
    // all tokens but the one that comes are in: its index in the text is their number
    const index = cursor.length
    const id = await cursor.extend((logits) => {
      const chosen = sample(logits, cursor.history, { seed, index })
      if (logprobs !== undefined) probabilities = logProbabilities(logits, chosen, logprobs)
      return chosen
    }, signal)
    return { id, probabilities }
  }
}

const mostAtOnce = 32
/** Milliseconds that a reader may wait for a piece without finding the stream slow. */
const patience = 50

/** The first token comes alone, so that it comes early; then 2, 4, ... at once, as long as the stream stays smooth. */
function chooseMany(cursor: Cursor, settings: GenerateSettings, one: Choose): Choose {
  let size = 1
  return async (left) => {
    if (cursor.drawn === 0) {
      const begin = performance.now()
      const count = Math.min(size, left)
      if (count > 1) await cursor.draw(settings, count, settings.signal)
      // a model that draws nothing has broken logits: the sampler here says how
      const single = cursor.drawn === 0 ? await one(left) : null
      size = nextSize(size, performance.now() - begin)
      if (single) return single
      settings.signal?.throwIfAborted()
    }
    return { id: cursor.give(), probabilities: undefined }
  }
}

function nextSize(size: number, milliseconds: number): number {
  if (milliseconds > 2 * patience) return Math.max(1, size >> 1)
  return milliseconds > patience ? size : Math.min(2 * size, mostAtOnce)
}
