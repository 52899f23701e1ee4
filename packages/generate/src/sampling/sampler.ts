/** From logits to a token: the rules in their order, over buffers that are made once. It keeps no random state. */
import { LogitsError } from '../errors.js'
import { draw, type RandomPlace } from './draw.js'
import { greedy } from './greedy.js'
import { logitBias } from './logit-bias.js'
import { minP } from './min-p.js'
import { outputPenalty } from './output-penalty.js'
import { repetitionPenalty } from './repetition-penalty.js'
import { temperature } from './temperature.js'
import { type TokenMask, applyTokenMask } from './token-mask.js'
import { topK } from './top-k.js'
import { topP } from './top-p.js'

export interface SamplingRules {
  readonly temperature: number
  readonly topK: number
  readonly topP: number
  readonly minP: number
  readonly repetitionPenalty: number
  readonly frequencyPenalty: number
  readonly presencePenalty: number
  readonly logitBias: ReadonlyMap<number, number>
}

/** What the penalties look at. */
export interface TokenHistory {
  /** Ids that occur in the prompt or the output. */
  readonly seen: ReadonlySet<number>
  /** How often each id occurs in the output. */
  readonly output: ReadonlyMap<number, number>
}

/** With `allowed` only its tokens are drawn. */
export type Sampler = (logits: Float32Array, history: TokenHistory, place: RandomPlace, allowed?: TokenMask) => number

/**
 * A function from logits [V] to a token id. Order: repetition penalty, frequency and presence penalty, logit bias, mask, then the best
 * token if the temperature is 0, else temperature, top-k, top-p, min-p, draw. Each rule sees what the ones before it have left, renormalised.
 * Everything is computed in float64. Throws LogitsError for NaN, Infinity, or if all logits, or all allowed ones, are -Infinity.
 */
export function createSampler(rules: SamplingRules, vocabSize: number): Sampler {
  const scores = new Float64Array(vocabSize)
  const weights = new Float64Array(vocabSize)
  const ids = new Int32Array(vocabSize)
  return (logits, history, place, allowed) => {
    checkLogits(logits, vocabSize)
    scores.set(logits)
    repetitionPenalty(scores, history.seen, rules.repetitionPenalty)
    outputPenalty(scores, history.output, rules.frequencyPenalty, rules.presencePenalty)
    logitBias(scores, rules.logitBias)
    if (allowed && !applyTokenMask(scores, allowed)) {
      throw new LogitsError(-1, 'at least one allowed token with a finite number', 'none')
    }
    if (rules.temperature === 0) return greedy(scores)
    temperature(scores, rules.temperature)
    let count = possibleIds(scores, ids)
    count = topK(scores, ids, count, rules.topK)
    for (let at = 0; at < count; at++) weights[ids[at]] = Math.exp(scores[ids[at]])
    count = topP(scores, weights, ids, count, rules.topP)
    count = minP(weights, ids, count, rules.minP)
    return draw(weights, ids, count, place)
  }
}

function checkLogits(logits: Float32Array, vocabSize: number): void {
  if (logits.length !== vocabSize) throw new LogitsError(-1, `${vocabSize} numbers`, `${logits.length}`)
  let possible = false
  for (let id = 0; id < vocabSize; id++) {
    const logit = logits[id]
    if (!(logit < Infinity)) throw new LogitsError(id, 'a finite number or -Infinity', `${logit}`)
    if (logit > -Infinity) possible = true
  }
  if (!possible) throw new LogitsError(-1, 'at least one finite number', 'only -Infinity')
}

function possibleIds(scores: Float64Array, ids: Int32Array): number {
  let count = 0
  for (let id = 0; id < scores.length; id++) if (scores[id] > -Infinity) ids[count++] = id
  return count
}
