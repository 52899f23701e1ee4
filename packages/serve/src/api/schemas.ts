/** The requests, as one source of validation and of /openapi.json. Ranges of sampling options are those of @retnet/generate. */
import { z } from '@hono/zod-openapi'

const maybe = <Schema extends z.ZodType>(schema: Schema) => schema.nullish()

/** `strict` is always so: the text is valid by the schema. */
const jsonSchema = z.strictObject({
  name: z.string().min(1).max(64),
  description: maybe(z.string().max(4096)),
  schema: z.union([z.record(z.string(), z.unknown()), z.boolean()]),
  strict: maybe(z.boolean()),
})
const responseFormat = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('text') }),
    z.strictObject({ type: z.literal('json_object') }),
    z.strictObject({ type: z.literal('json_schema'), json_schema: jsonSchema }),
  ])
  .openapi('ResponseFormat')

const sampling = {
  model: z.string().max(256).optional(),
  max_tokens: maybe(z.int().min(0)),
  temperature: maybe(z.number()),
  top_p: maybe(z.number()),
  top_k: maybe(z.int().max(1_000_000)),
  min_p: maybe(z.number()),
  repetition_penalty: maybe(z.number()),
  frequency_penalty: maybe(z.number()),
  presence_penalty: maybe(z.number()),
  logit_bias: maybe(z.record(z.string().max(20), z.number())),
  seed: maybe(z.int().min(0)),
  stop: maybe(z.union([z.string(), z.array(z.string()).max(16)])),
  ignore_eos: maybe(z.boolean()),
  n: maybe(z.int().min(1)),
  stream: maybe(z.boolean()),
  stream_options: maybe(z.strictObject({ include_usage: maybe(z.boolean()), resumable: maybe(z.boolean()) })),
  response_format: maybe(responseFormat),
  /** `priority` needs a key that may; `auto` is that where the key may. */
  service_tier: maybe(z.enum(['auto', 'default', 'flex', 'priority'])),
  user: maybe(z.string().max(512)),
  session: maybe(z.string().max(64)),
  if_match: maybe(z.int().min(0)),
  on_busy: maybe(z.enum(['error', 'fork'])),
}

export const completionRequest = z
  .strictObject({
    ...sampling,
    /** A text, token ids, or a list of either; read by `readPrompts`. */
    prompt: z.unknown().optional(),
    echo: maybe(z.boolean()),
    logprobs: maybe(z.int().min(0).max(20)),
    best_of: maybe(z.int().min(1)),
  })
  .openapi('CompletionRequest')

const textPart = z.strictObject({ type: z.literal('text'), text: z.string() })

const message = z.strictObject({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: z.union([z.string(), z.array(textPart).min(1).max(64)]),
  name: z.string().max(64).optional(),
})

export const chatRequest = z
  .strictObject({
    ...sampling,
    messages: z.array(message).min(1),
    max_completion_tokens: maybe(z.int().min(0)),
    logprobs: maybe(z.boolean()),
    top_logprobs: maybe(z.int().min(0).max(20)),
  })
  .openapi('ChatCompletionRequest')

export const embeddingRequest = z
  .strictObject({
    model: z.string().max(256).optional(),
    /** A text, token ids, or a list of either; read by `readPrompts`. */
    input: z.unknown().optional(),
    encoding_format: maybe(z.enum(['float', 'base64'])),
    /** The width of the model, or nothing. */
    dimensions: maybe(z.int().min(1)),
    pooling: maybe(z.enum(['mean', 'last'])),
    user: maybe(z.string().max(512)),
  })
  .openapi('EmbeddingRequest')

export const tokenizeRequest = z
  .strictObject({
    model: z.string().max(256).optional(),
    prompt: z.string(),
    add_special_tokens: z.boolean().optional(),
  })
  .openapi('TokenizeRequest')

export const detokenizeRequest = z
  .strictObject({ model: z.string().max(256).optional(), tokens: z.array(z.int().min(0)) })
  .openapi('DetokenizeRequest')

export type CompletionRequest = z.infer<typeof completionRequest>
export type ChatRequest = z.infer<typeof chatRequest>
export type SamplingRequest = Pick<CompletionRequest, keyof typeof sampling>
export type ResponseFormat = z.infer<typeof responseFormat>
