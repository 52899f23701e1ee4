/** The field `prompt` of a completion: a text, token ids, or a list of either. */
import { ApiError } from './api-error.js'
import type { ModelFacts } from './context.js'
import type { Limits } from './limits.js'
import type { ServedModel } from './served-model.js'

/** Characters that are encoded in less time than another thread takes to be asked. */
const shortText = 16_384

export interface ReadPrompt {
  readonly ids: ArrayLike<number>
  /** As it is echoed. */
  readonly text: string
}

/** `param` is the name of the field. */
export async function readPrompts(
  value: unknown,
  served: ServedModel,
  model: ModelFacts,
  limits: Limits,
  param = 'prompt',
): Promise<ReadPrompt[]> {
  const list = listOf(value, param)
  if (list.length > limits.choices) {
    throw new ApiError(400, 'too_many_prompts', `${param}: expected up to ${limits.choices} texts.`, param)
  }
  return Promise.all(
    list.map(async (one) =>
      typeof one === 'string' ? ofText(one, served, limits, param) : ofIds(one, served, model, limits, param),
    ),
  )
}

function listOf(value: unknown, param: string): (string | number[])[] {
  if (typeof value === 'string' || isIds(value)) return [value]
  const expected = 'expected a text, a list of token ids, or a list of texts or of lists of ids, none of them empty'
  if (Array.isArray(value) && value.length > 0) {
    const all: unknown[] = value
    if (all.every((one) => typeof one === 'string') || all.every(isIds)) return all
  }
  throw new ApiError(400, 'invalid_prompt', `${param}: ${expected}.`, param)
}

function isIds(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((id) => typeof id === 'number')
}

async function ofText(text: string, served: ServedModel, limits: Limits, param: string): Promise<ReadPrompt> {
  if (text === '') throw new ApiError(400, 'invalid_prompt', `${param}: expected a text that is not empty.`, param)
  const ids = withStart(served, await encodeText(text, served, limits, param))
  return { text, ids: requireLength(ids, limits, param) }
}

/** Text that could not be few enough tokens is refused before it costs the time of encoding it. */
export async function encodeText(
  text: string,
  { codec }: ServedModel,
  limits: Limits,
  param = 'prompt',
): Promise<ArrayLike<number>> {
  if (text.length > 32 * limits.promptTokens) throw tooLong(limits, param)
  return codec.encodeAside && text.length > shortText ? codec.encodeAside(text) : codec.encode(text)
}

export function withStart({ bosToken }: ServedModel, ids: ArrayLike<number>): ArrayLike<number> {
  if (bosToken === null || bosToken === undefined) return ids
  return Int32Array.from({ length: ids.length + 1 }, (_, at) => (at === 0 ? bosToken : ids[at - 1]))
}

function ofIds(ids: number[], served: ServedModel, model: ModelFacts, limits: Limits, param: string): ReadPrompt {
  requireLength(ids, limits, param)
  requireVocabulary(ids, model, param)
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
