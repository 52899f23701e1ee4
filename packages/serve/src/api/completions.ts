/** POST /v1/completions. */
import { ApiError } from './api-error.js'
import { begin } from './begin.js'
import { checkRequest } from './check-request.js'
import { type ApiContext, requireModel } from './context.js'
import { readPrompts } from './read-prompts.js'
import { openSession, readSessionPrompt } from './sessions/open-session.js'
import { grammarOf } from './response-format.js'
import { respondStream, respondWhole } from './respond.js'
import { completionRequest } from './schemas.js'
import { optionsOf } from './options.js'

const defaultMaxTokens = 16

export async function complete(context: ApiContext, body: unknown, signal: AbortSignal): Promise<Response> {
  const { turns, model, served, limits } = context
  const request = checkRequest(completionRequest, body)
  requireModel(context, request.model)
  if (request.best_of && request.best_of !== (request.n ?? 1)) {
    throw new ApiError(400, 'unsupported_parameter', 'best_of: expected n, or nothing.', 'best_of')
  }
  const options = optionsOf(request, {
    served,
    vocabSize: model.vocabSize,
    limits,
    maxTokens: defaultMaxTokens,
    logprobs: request.logprobs ?? undefined,
  })
  // before the text is encoded: a request that is turned away must cost nothing
  await turns.requireRoom()
  const grammar = await grammarOf(context, request)
  const session = await openSession(context, request)
  if (session && request.echo && request.logprobs != null) {
    const message = 'echo: what goes on with a session is given no log-probabilities. Leave echo or logprobs out.'
    throw new ApiError(400, 'invalid_value', message, 'echo')
  }
  const prompts = session
    ? [await readSessionPrompt(context, request.prompt, session.record)]
    : await readPrompts(request.prompt, served, model, limits)
  const includeUsage = request.stream_options?.include_usage ?? false
  const begun = await begin(context, {
    format: 'completion',
    prompts,
    options,
    echo: request.echo ?? false,
    grammar,
    includeUsage,
    resumable: request.stream_options?.resumable ?? false,
    session,
    tier: request.service_tier,
  })
  return request.stream ? respondStream(context, begun, signal) : respondWhole(context, begun, signal)
}
