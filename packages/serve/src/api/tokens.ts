/** POST /tokenize and /detokenize, in the shapes of vLLM. */
import { checkRequest } from './check-request.js'
import { type ApiContext, requireModel } from './context.js'
import { encodeText, requireLength, requireVocabulary, withStart } from './read-prompts.js'
import { detokenizeRequest, tokenizeRequest } from './schemas.js'

export async function tokenize(context: ApiContext, body: unknown): Promise<Response> {
  const { served, limits } = context
  const request = checkRequest(tokenizeRequest, body)
  requireModel(context, request.model)
  const bare = await encodeText(request.prompt, served, limits)
  const ids = request.add_special_tokens === false ? bare : withStart(served, bare)
  requireLength(ids, limits, 'prompt')
  return Response.json({ count: ids.length, max_model_len: limits.promptTokens, tokens: Array.from(ids) })
}

export function detokenize(context: ApiContext, body: unknown): Response {
  const { served, limits } = context
  const { model, tokens } = checkRequest(detokenizeRequest, body)
  requireModel(context, model)
  requireLength(tokens, limits, 'tokens')
  requireVocabulary(tokens, context.model, 'tokens')
  return Response.json({ prompt: served.codec.decode(tokens) })
}
