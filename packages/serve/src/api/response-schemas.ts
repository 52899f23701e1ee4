/** The answers, for /openapi.json. The server does not check itself against them; its tests do. */
import { z } from '@hono/zod-openapi'

const count = z.int().min(0)
const usage = z
  .object({
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    prompt_tokens_details: z.object({
      cached_tokens: count.openapi({ description: 'Tokens that were not computed, because a state had them' }),
    }),
  })
  .openapi('Usage')

const problem = z
  .object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() })
  .openapi('Problem')
export const errorResponse = z.object({ error: problem }).openapi('Error')

const finishReason = z.enum(['stop', 'length', 'error', 'cancelled']).nullable()
const choice = { index: count, finish_reason: finishReason, error: problem.optional() }
const place = z
  .object({ id: z.string(), rev: count.nullable(), length: count.nullable() })
  .openapi({ description: 'Where the session is now' })
const head = {
  id: z.string(),
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.string(),
  session: place.optional(),
}

const completionLogprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(z.record(z.string(), z.number()).nullable()),
  text_offset: z.array(z.int()),
})
export const completionResponse = z
  .object({
    ...head,
    object: z.literal('text_completion'),
    choices: z.array(z.object({ ...choice, text: z.string(), logprobs: completionLogprobs.nullable() })),
    usage,
  })
  .openapi('CompletionResponse')

const scored = { token: z.string(), logprob: z.number(), bytes: z.array(z.int()).nullable() }
const chatLogprobs = z.object({
  content: z.array(z.object({ ...scored, top_logprobs: z.array(z.object(scored)) })),
  refusal: z.null(),
})
const answer = z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() })
export const chatResponse = z
  .object({
    ...head,
    object: z.literal('chat.completion'),
    choices: z.array(z.object({ ...choice, message: answer, logprobs: chatLogprobs.nullable() })),
    usage,
  })
  .openapi('ChatCompletionResponse')

export const embeddingResponse = z
  .object({
    object: z.literal('list'),
    model: z.string(),
    data: z.array(
      z.object({
        object: z.literal('embedding'),
        index: count,
        embedding: z
          .union([z.array(z.number()), z.string()])
          .openapi({ description: 'Numbers, or with encoding_format base64 their bytes as float32, little-endian' }),
      }),
    ),
    usage: z.object({ prompt_tokens: count, total_tokens: count }),
  })
  .openapi('EmbeddingResponse')

export const modelResponse = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z.int(),
    owned_by: z.string(),
    meta: z.object({
      vocab_size: count,
      state_bytes: count,
      weight_bytes: count,
      max_prompt_tokens: count,
      max_tokens: count,
      chat: z.boolean(),
    }),
  })
  .openapi('Model')
export const modelsResponse = z.object({ object: z.literal('list'), data: z.array(modelResponse) }).openapi('ModelList')

export const tokenizeResponse = z
  .object({ count, max_model_len: count, tokens: z.array(count) })
  .openapi('TokenizeResponse')
export const detokenizeResponse = z.object({ prompt: z.string() }).openapi('DetokenizeResponse')
export const statusResponse = z.object({ status: z.string() }).openapi('Status')
