/** POST /v1/embeddings: the pooled hidden states of texts, of length 1. */
import { randomBytes } from 'node:crypto'
import type { LogEntry } from '../turns/turn.js'
import { ApiError, type Status } from './api-error.js'
import { checkRequest } from './check-request.js'
import { type ApiContext, requireModel } from './context.js'
import { type ReadPrompt, readPrompts } from './read-prompts.js'
import { cancelling } from './respond.js'
import { embeddingRequest } from './schemas.js'
import { Watch } from './watch.js'

type Pooling = 'mean' | 'last'

export async function embeddings(context: ApiContext, body: unknown, signal: AbortSignal): Promise<Response> {
  const { turns, model, served, limits } = context
  const request = checkRequest(embeddingRequest, body)
  requireModel(context, request.model)
  requireWidth(request.dimensions, model.width)
  await turns.requireRoom()
  const prompts = await readPrompts(request.input, served, model, limits, 'input')
  const vectors = await embed(context, prompts, request.pooling ?? 'mean', signal)
  const isText = request.encoding_format === 'base64'
  const tokens = prompts.reduce((sum, { ids }) => sum + ids.length, 0)
  return Response.json({
    object: 'list',
    model: served.id,
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: isText ? base64(vector) : [...vector],
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  })
}

function requireWidth(dimensions: number | null | undefined, width: number): void {
  if (dimensions == null || dimensions === width) return
  const message = `dimensions: the embeddings of this model have ${width}. Leave it out.`
  throw new ApiError(400, 'invalid_value', message, 'dimensions')
}

async function embed(
  context: ApiContext,
  prompts: readonly ReadPrompt[],
  pooling: Pooling,
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const { admission, caller, record } = context.scope
  const promptTokens = prompts.reduce((sum, { ids }) => sum + ids.length, 0)
  await admission.begin(prompts.length, promptTokens)
  const running = await context.turns.begin({
    id: randomBytes(16).toString('hex'),
    tenant: caller.tenant,
    weights: context.model.identity.weights,
    prompts: prompts.map(({ ids }) => Array.from(ids)),
    texts: prompts.map((_, prompt) => ({ prompt, options: { maxTokens: 0 }, scorePrompt: false, embed: pooling })),
    session: null,
    view: null,
    keepMs: 0,
  })
  const { id: model } = context.served
  record.generation = { operation: 'embeddings', model, texts: prompts.length, promptTokens, maxTokens: 0 }
  using _ = cancelling(running, signal)
  using watch = new Watch(record, running, context.timeouts)
  const vectors: Float32Array[] = []
  for await (const group of running.entries()) {
    for (const entry of group) {
      watch.see(entry)
      take(entry, vectors)
    }
  }
  return vectors
}

/** Throws what the turn failed with. */
function take(entry: LogEntry, vectors: Float32Array[]): void {
  if (entry.kind === 'embedded') vectors[entry.of] = normalised(floats(entry.vector))
  const problem = 'error' in entry ? entry.error : null
  if (problem) throw new ApiError(problem.status as Status, problem.code, problem.message, problem.param)
}

function floats(text: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer)
}

/** To the length 1, as those of OpenAI are. */
function normalised(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return vector.map((value) => value / (length || 1))
}

function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
}
