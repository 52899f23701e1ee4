/** The routes in words: what /openapi.json and /docs tell of them, and what answers those that take a body. */
import { z } from '@hono/zod-openapi'
import type { Post } from './app.js'
import { chat } from './chat.js'
import { complete } from './completions.js'
import { embeddings } from './embeddings.js'
import type { RouteWords } from './openapi.js'
import {
  chatResponse,
  completionResponse,
  detokenizeResponse,
  embeddingResponse,
  modelResponse,
  modelsResponse,
  statusResponse,
  tokenizeResponse,
} from './response-schemas.js'
import { chatRequest, completionRequest, detokenizeRequest, embeddingRequest, tokenizeRequest } from './schemas.js'
import { detokenize, tokenize } from './tokens.js'

const prompt = 'It was a dark and stormy night'

export const posts: readonly Post[] = [
  {
    path: '/v1/completions',
    summary: 'Continues texts',
    description: 'Parameters that are left out come from the model. Every parameter that is not listed is refused.',
    request: completionRequest,
    response: completionResponse,
    streams: true,
    errors: [404, 422],
    example: { prompt, max_tokens: 40 },
    handle: complete,
  },
  {
    path: '/v1/chat/completions',
    summary: 'Answers a conversation',
    description: 'Only for a model with a chat template.',
    request: chatRequest,
    response: chatResponse,
    streams: true,
    errors: [404, 422],
    example: { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 40 },
    handle: chat,
  },
  {
    path: '/v1/embeddings',
    summary: 'Vectors of texts',
    description: 'The hidden states after the last norm, pooled over the tokens, of length 1.',
    request: embeddingRequest,
    response: embeddingResponse,
    errors: [404],
    example: { input: ['The old house', 'A new day'] },
    handle: embeddings,
  },
  {
    path: '/tokenize',
    summary: 'Token ids of a text',
    request: tokenizeRequest,
    response: tokenizeResponse,
    errors: [404],
    example: { prompt },
    handle: tokenize,
  },
  {
    path: '/detokenize',
    summary: 'The text of token ids',
    request: detokenizeRequest,
    response: detokenizeResponse,
    errors: [404],
    example: { tokens: [40, 50, 60] },
    handle: detokenize,
  },
]

export const gets: readonly RouteWords[] = [
  { method: 'get', path: '/v1/models', summary: 'The models', response: modelsResponse },
  { method: 'get', path: '/v1/models/{id}', summary: 'One model', response: modelResponse, errors: [404] },
  { method: 'get', path: '/livez', summary: 'The process is alive', response: statusResponse },
  { method: 'get', path: '/readyz', summary: 'Requests are taken', response: statusResponse, errors: [503] },
  { method: 'get', path: '/metrics', summary: 'Numbers for Prometheus', errors: [403] },
  {
    method: 'get',
    path: '/admin/status',
    summary: 'What the server is doing',
    description: 'Needs the key of an administrator; without such keys there is no such path.',
    response: z.object({}).loose().openapi('AdminStatus'),
    errors: [403, 404],
  },
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This description',
    response: z.object({}).loose().openapi('OpenApi'),
  },
]
