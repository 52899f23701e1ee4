/** The requests, as one source of validation and of /openapi.json. Ranges of sampling options are those of @retnet/generate. */
import { z } from '@hono/zod-openapi'

function maybe<Schema extends z.ZodType>(schema: Schema, description?: string) {
  const optional = schema.nullish()
  return description === undefined ? optional : optional.openapi({ description })
}

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
  max_tokens: maybe(z.int().min(0), 'Most tokens to write; 0 only reads the prompt'),
  temperature: maybe(z.number(), '0 to 100; 0 always takes the best token'),
  top_p: maybe(z.number(), 'Keeps the fewest best tokens with this probability together'),
  top_k: maybe(z.int().max(1_000_000), 'Keeps the k best tokens; 0 keeps all'),
  min_p: maybe(z.number(), "Keeps tokens with at least this part of the best one's probability"),
  repetition_penalty: maybe(z.number(), 'Factor on the logits of all tokens seen'),
  frequency_penalty: maybe(z.number(), 'Taken from a logit for each time that its token was written: -2 to 2'),
  presence_penalty: maybe(z.number(), 'Taken from a logit once if its token was written: -2 to 2'),
  logit_bias: maybe(z.record(z.string().max(20), z.number()), 'Added to the logits of these token ids: -100 to 100'),
  seed: maybe(z.int().min(0), 'Equal seeds give equal texts; choice k has the seed + k'),
  stop: maybe(z.union([z.string(), z.array(z.string()).max(16)]), 'Texts that end the text, and are no part of it'),
  ignore_eos: maybe(z.boolean(), 'Goes on behind tokens that end texts'),
  n: maybe(z.int().min(1), 'Texts for each prompt'),
  stream: maybe(z.boolean(), 'Answers with events'),
  stream_options: maybe(
    z.strictObject({ include_usage: maybe(z.boolean()), resumable: maybe(z.boolean()) }),
    'With include_usage: the counts of tokens, in a last event; with resumable: the stream can be left and read on at /v1/streams',
  ),
  response_format: maybe(responseFormat, 'What the text must be: text, json_object, or json_schema with a schema'),
  /** `priority` needs a key that may; `auto` is that where the key may. */
  service_tier: maybe(z.enum(['auto', 'default', 'flex', 'priority'])),
  user: maybe(z.string().max(512), 'Taken, and not used'),
  session: maybe(z.string().max(64), 'The session that the text continues'),
  if_match: maybe(z.int().min(0), 'The revision of the session that the request is about'),
  on_busy: maybe(z.enum(['error', 'fork']), 'What to do while another text is written in the session'),
}

export const completionRequest = z
  .strictObject({
    ...sampling,
    /** A text, token ids, or a list of either; read by `readPrompts`. */
    prompt: z.unknown().optional().openapi({ description: 'A text, token ids, or a list of either' }),
    echo: maybe(z.boolean(), 'Puts the prompt before the text'),
    logprobs: maybe(z.int().min(0).max(20), 'Log-probabilities of the tokens, and of as many best ones'),
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
    input: z.unknown().optional().openapi({ description: 'A text, token ids, or a list of either' }),
    encoding_format: maybe(z.enum(['float', 'base64'])),
    /** The width of the model, or nothing. */
    dimensions: maybe(z.int().min(1)),
    pooling: maybe(z.enum(['mean', 'last']), 'Over all tokens, or the last one; default mean'),
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
