/** The field `prompt` of a completion: a text, token ids, or a list of either. */
import { ApiError } from './api-error.js'
import type { ModelFacts } from './context.js'
import type { Limits } from './limits.js'
import type { ServedModel } from './served-model.js'

export interface ReadPrompt {
  readonly ids: ArrayLike<number>
  /** As it is echoed. */
  readonly text: string
}

export function readPrompts(value: unknown, served: ServedModel, model: ModelFacts, limits: Limits): ReadPrompt[] {
  const list = listOf(value)
  if (list.length > limits.choices) {
    throw new ApiError(400, 'too_many_prompts', `prompt: expected up to ${limits.choices} prompts.`, 'prompt')
  }
  return list.map((one) => (typeof one === 'string' ? ofText(one, served, limits) : ofIds(one, served, model, limits)))
}

function listOf(value: unknown): (string | number[])[] {
  if (typeof value === 'string' || isIds(value)) return [value]
  const expected = 'expected a text, a list of token ids, or a list of texts or of lists of ids, none of them empty'
  if (Array.isArray(value) && value.length > 0) {
    const all: unknown[] = value
    if (all.every((one) => typeof one === 'string') || all.every(isIds)) return all
  }
  throw new ApiError(400, 'invalid_prompt', `prompt: ${expected}.`, 'prompt')
}

function isIds(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((id) => typeof id === 'number')
}

function ofText(text: string, served: ServedModel, limits: Limits): ReadPrompt {
  if (text === '') throw new ApiError(400, 'invalid_prompt', 'prompt: expected a text that is not empty.', 'prompt')
  return { text, ids: requireLength(withStart(served, encodeText(text, served, limits)), limits, 'prompt') }
}

/** Text that could not be few enough tokens is refused before it costs the time of encoding it. */
export function encodeText(text: string, { codec }: ServedModel, limits: Limits): ArrayLike<number> {
  if (text.length > 32 * limits.promptTokens) throw tooLong(limits, 'prompt')
  return codec.encode(text)
}

export function withStart({ bosToken }: ServedModel, ids: ArrayLike<number>): ArrayLike<number> {
  if (bosToken === null || bosToken === undefined) return ids
  return Int32Array.from({ length: ids.length + 1 }, (_, at) => (at === 0 ? bosToken : ids[at - 1]))
}

function ofIds(ids: number[], served: ServedModel, model: ModelFacts, limits: Limits): ReadPrompt {
  requireLength(ids, limits, 'prompt')
  requireVocabulary(ids, model, 'prompt')
  return { ids: Int32Array.from(ids), text: served.codec.decode(ids) }
}

export function requireVocabulary(ids: readonly number[], model: ModelFacts, param: string): void {
  const { vocabSize } = model
  if (ids.every((id) => Number.isInteger(id) && id >= 0 && id < vocabSize)) return
  const message = `${param}: expected token ids from 0 to ${vocabSize - 1}.`
  throw new ApiError(400, 'token_out_of_vocabulary', message, param)
}

export function requireLength(ids: ArrayLike<number>, limits: Limits, param: string): ArrayLike<number> {
  if (ids.length > limits.promptTokens) throw tooLong(limits, param)
  return ids
}

function tooLong(limits: Limits, param: string): ApiError {
  return new ApiError(400, 'prompt_too_long', `${param}: expected up to ${limits.promptTokens} tokens.`, param)
}
