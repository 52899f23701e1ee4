/** Takes tokens into a session and draws none. */
import { randomBytes } from 'node:crypto'
import type { SessionRecord } from '../../sessions/records.js'
import type { EndEntry, Turn, TurnProblem } from '../../turns/turn.js'
import { ApiError, type Status } from '../api-error.js'
import { beginTurn } from '../begin-turn.js'
import { type ApiContext, tenantOf } from '../context.js'
import { cancelling } from '../respond.js'
import { priorities } from '../service-tier.js'
import { Watch } from '../watch.js'

/** Gives the next revision. Throws what went wrong; the session is as it was then. */
export async function ingest(
  context: ApiContext,
  { id, rev }: SessionRecord,
  ids: ArrayLike<number>,
  signal: AbortSignal,
): Promise<SessionRecord> {
  const tenant = tenantOf(context)
  await context.scope.admission.begin(1, ids.length)
  const turn: Turn = {
    id: randomBytes(16).toString('hex'),
    tenant,
    weights: context.model.identity.weights,
    prompts: [Array.from(ids)],
    texts: [{ prompt: 0, options: { maxTokens: 0, seed: 0 }, scorePrompt: false }],
    session: { id, rev },
    view: null,
    keepMs: 0,
  }
  const running = await beginTurn(context.turns, turn, priorities.default)
  const { record } = context.scope
  const { id: model } = context.served
  record.generation = { operation: 'append', model, texts: 1, session: true, promptTokens: ids.length, maxTokens: 0 }
  using _ = cancelling(running, signal)
  using watch = new Watch(record, running, context.timeouts)
  let end: EndEntry | null = null
  let problem: TurnProblem | null = null
  for await (const entry of entriesOf(running.entries())) {
    watch.see(entry)
    if (entry.kind === 'error') problem = entry.error
    if (entry.kind === 'end') end = entry
  }
  problem ??= end?.error ?? null
  if (problem) throw new ApiError(problem.status as Status, problem.code, problem.message, problem.param)
  if (end?.rev == null) throw new ApiError(409, 'session_cancelled', 'The turn was cancelled.', 'session')
  const made = await context.sessions.sessions.at(tenant, id, end.rev)
  return made ?? context.sessions.sessions.head(tenant, id)
}

async function* entriesOf<T>(groups: AsyncIterable<readonly T[]>): AsyncGenerator<T, void> {
  for await (const group of groups) yield* group
}
