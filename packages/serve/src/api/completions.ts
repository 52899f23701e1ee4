/** POST /v1/completions. */
import { ApiError } from './api-error.js'
import { begin } from './begin.js'
import { checkRequest } from './check-request.js'
import { completionFormat } from './completion-format.js'
import { type ApiContext, requireModel } from './context.js'
import { readPrompts } from './read-prompts.js'
import { grammarOf } from './response-format.js'
import { respondStream, respondWhole } from './respond.js'
import { completionRequest } from './schemas.js'
import { settingsOf } from './settings.js'

const defaultMaxTokens = 16

export async function complete(context: ApiContext, body: unknown, signal: AbortSignal): Promise<Response> {
  const { engine, served, limits } = context
  const request = checkRequest(completionRequest, body)
  requireModel(context, request.model)
  if (request.best_of && request.best_of !== (request.n ?? 1)) {
    throw new ApiError(400, 'unsupported_parameter', 'best_of: expected n, or nothing.', 'best_of')
  }
  const { vocabSize } = engine.model.spec
  const settings = settingsOf(request, {
    served,
    vocabSize,
    limits,
    maxTokens: defaultMaxTokens,
    logprobs: request.logprobs ?? undefined,
  })
  // before the text is encoded: a request that is turned away must cost nothing
  engine.requireRoom(settings.length)
  const grammar = await grammarOf(context, request)
  const prompts = readPrompts(request.prompt, served, engine.model, limits)
  const response = {
    choices: begin(context, { prompts, settings, grammar, echo: request.echo ?? false }),
    format: completionFormat(served.codec),
    model: served.id,
    fingerprint: engine.model.identity.weights,
    promptTokens: prompts.reduce((sum, { ids }) => sum + ids.length, 0),
    limits,
    signal,
  }
  if (!request.stream) return respondWhole(response)
  return respondStream(response, request.stream_options?.include_usage ?? false)
}
