/** GET /v1/models and /v1/models/{id}. */
import { type ServerContext, requireModel } from './context.js'

export function listModels(context: ServerContext): Response {
  return Response.json({ object: 'list', data: [describe(context)] })
}

export function getModel(context: ServerContext, id: string): Response {
  requireModel(context, id)
  return Response.json(describe(context))
}

function describe({ model, served, created, limits }: ServerContext): object {
  const { vocabSize, stateBytes, weightBytes } = model
  return {
    id: served.id,
    object: 'model',
    created,
    owned_by: 'retnet',
    meta: {
      vocab_size: vocabSize,
      state_bytes: stateBytes,
      weight_bytes: weightBytes,
      max_prompt_tokens: limits.promptTokens,
      max_tokens: limits.maxTokens,
      chat: served.encodeChat !== undefined,
    },
  }
}
