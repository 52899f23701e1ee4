/** From the parameters of a request to options of @retnet/generate. */
import { type GenerateOptions, validateOptions } from '@retnet/generate'
import { ApiError } from './api-error.js'
import type { Limits } from './limits.js'
import type { SamplingRequest } from './schemas.js'
import type { ServedModel } from './served-model.js'

export interface OptionsContext {
  readonly served: ServedModel
  readonly vocabSize: number
  readonly limits: Limits
  /** Where the request names none. */
  readonly maxTokens: number
  readonly logprobs: number | undefined
}

/** The options of each of the `n` choices: choice k draws with the seed + k, and so what a request with that seed draws alone. */
export function optionsOf(request: SamplingRequest, context: OptionsContext): GenerateOptions[] {
  const { served, vocabSize, limits, logprobs } = context
  requireRanges(request, limits, vocabSize)
  const options: GenerateOptions = {
    maxTokens: request.max_tokens ?? context.maxTokens,
    temperature: request.temperature ?? served.defaults?.temperature,
    topP: request.top_p ?? served.defaults?.topP,
    topK: request.top_k ?? served.defaults?.topK,
    minP: request.min_p ?? undefined,
    repetitionPenalty: request.repetition_penalty ?? served.defaults?.repetitionPenalty,
    frequencyPenalty: request.frequency_penalty ?? undefined,
    presencePenalty: request.presence_penalty ?? undefined,
    logitBias: request.logit_bias ?? undefined,
    seed: request.seed ?? undefined,
    stop: request.stop ?? undefined,
    stopIds: request.ignore_eos ? [] : [...(served.eosTokens ?? [])],
    logprobs,
  }
  const { seed } = validateOptions(options, vocabSize)
  return Array.from({ length: request.n ?? 1 }, (_, choice) => {
    return { ...options, seed: (seed + choice) % Number.MAX_SAFE_INTEGER }
  })
}

function requireRanges(
  { n, max_tokens, logit_bias, stream, stream_options }: SamplingRequest,
  limits: Limits,
  vocabSize: number,
): void {
  if ((n ?? 1) > limits.n) throw new ApiError(400, 'n_out_of_range', `n: expected a number from 1 to ${limits.n}.`, 'n')
  if ((max_tokens ?? 0) > limits.maxTokens) {
    throw new ApiError(400, 'invalid_value', `max_tokens: expected up to ${limits.maxTokens}.`, 'max_tokens')
  }
  if (stream_options && !stream) {
    throw new ApiError(400, 'invalid_value', 'stream_options: only with stream: true.', 'stream_options')
  }
  const biases = Object.values(logit_bias ?? {})
  if (biases.length === vocabSize && biases.every((bias) => bias === -100)) {
    throw new ApiError(422, 'no_valid_token', 'logit_bias: all tokens are banned.', 'logit_bias')
  }
}
