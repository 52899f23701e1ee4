/** POST /v1/chat/completions. */
import { RetNetError } from '@retnet/core'
import { ApiError } from './api-error.js'
import { begin } from './begin.js'
import { checkRequest } from './check-request.js'
import { type ApiContext, requireModel } from './context.js'
import { requireLength } from './read-prompts.js'
import { grammarOf } from './response-format.js'
import { respondStream, respondWhole } from './respond.js'
import { type ChatRequest, chatRequest } from './schemas.js'
import type { ChatMessage, ServedModel } from './served-model.js'
import { openSession } from './sessions/open-session.js'
import type { SessionRecord } from '../sessions/records.js'
import { optionsOf } from './options.js'

const defaultMaxTokens = 1024

export async function chat(context: ApiContext, body: unknown, signal: AbortSignal): Promise<Response> {
  const { turns, model, served, limits } = context
  const request = checkRequest(chatRequest, body)
  requireModel(context, request.model)
  const options = optionsOf(
    { ...request, max_tokens: maxTokensOf(request) },
    {
      served,
      vocabSize: model.vocabSize,
      limits,
      maxTokens: Math.min(defaultMaxTokens, limits.maxTokens),
      logprobs: logprobsOf(request),
    },
  )
  await turns.requireRoom()
  if (request.messages.length > limits.messages) {
    throw new ApiError(400, 'invalid_value', `messages: expected up to ${limits.messages}.`, 'messages')
  }
  const grammar = await grammarOf(context, request)
  const session = await openSession(context, request)
  const ids = requireLength(await encodeChat(served, request, session?.record ?? null), limits, 'messages')
  const includeUsage = request.stream_options?.include_usage ?? false
  const begun = await begin(context, {
    format: 'chat',
    prompts: [{ ids, text: '' }],
    options,
    grammar,
    session,
    includeUsage,
    resumable: request.stream_options?.resumable ?? false,
    tier: request.service_tier,
  })
  return request.stream ? respondStream(context, begun, signal) : respondWhole(context, begun, signal)
}

function maxTokensOf({ max_tokens, max_completion_tokens }: ChatRequest): number | null | undefined {
  if (max_tokens == null || max_completion_tokens == null) return max_completion_tokens ?? max_tokens
  const message = 'max_tokens: leave it out where there is max_completion_tokens.'
  throw new ApiError(400, 'invalid_value', message, 'max_tokens')
}

function logprobsOf({ logprobs, top_logprobs }: ChatRequest): number | undefined {
  if (logprobs) return top_logprobs ?? 0
  if (top_logprobs == null) return undefined
  throw new ApiError(400, 'invalid_value', 'top_logprobs: only with logprobs: true.', 'top_logprobs')
}

async function encodeChat(
  { encodeChat: encode, continueChat, id }: ServedModel,
  { messages }: ChatRequest,
  session: SessionRecord | null,
): Promise<ArrayLike<number>> {
  if (!encode) {
    const message = `${id} has no chat template, so it cannot be talked to in messages. Use /v1/completions.`
    throw new ApiError(400, 'no_chat_template', message, 'messages')
  }
  const ids = await refusing(async () => {
    if (session === null || session.length === 0) return encode(messages.map(plain))
    return (await continueChat?.(messages.map(plain), session.last!)) ?? null
  })
  if (ids === null) {
    const message = `The chat template of ${id} does not tell how a conversation goes on. Use /v1/completions.`
    throw new ApiError(400, 'chat_not_continuable', message, 'session')
  }
  if (ids.length > 0) return ids
  throw new ApiError(400, 'invalid_value', 'messages: the conversation has no tokens.', 'messages')
}

/** The template, or who runs it, may refuse the messages: their order, their roles, what is in them. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!RetNetError.isInstance(error)) throw error
    throw new ApiError(400, 'invalid_messages', error.message, 'messages')
  }
}

function plain({ role, content, name }: ChatRequest['messages'][number]): ChatMessage {
  const text = typeof content === 'string' ? content : content.map((part) => part.text).join('')
  return { role, content: text, ...(name !== undefined && { name }) }
}
