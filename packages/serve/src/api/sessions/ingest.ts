/** Takes tokens into a session and draws none. */
import { randomBytes } from 'node:crypto'
import type { SessionRecord } from '../../sessions/records.js'
import type { RunningTurn } from '../../turns/running-turn.js'
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
  const { admission, record } = context.scope
  await admission.begin(1, ids.length)
  await context.sessions.quotas.take(tenant, { bytes: context.model.stateBytes })
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
  const { id: model } = context.served
  record.generation = { operation: 'append', model, texts: 1, session: true, promptTokens: ids.length, maxTokens: 0 }
  using _ = cancelling(running, signal)
  using watch = new Watch(record, running, context.timeouts)
  const { sessions } = context.sessions
  const made = await sessions.at(tenant, id, await endOf(running, watch))
  // others may have gone on from it already
  return made ?? sessions.head(tenant, id)
}

/** The revision that the session has then. */
async function endOf(running: RunningTurn, watch: Watch): Promise<number> {
  let end: EndEntry | null = null
  let problem: TurnProblem | null = null
  for await (const group of running.entries()) {
    for (const entry of group) {
      watch.see(entry)
      if (entry.kind === 'error') problem = entry.error
      if (entry.kind === 'end') end = entry
    }
  }
  problem ??= end?.error ?? null
  if (problem) throw new ApiError(problem.status as Status, problem.code, problem.message, problem.param)
  if (end?.rev == null) throw new ApiError(409, 'session_cancelled', 'The turn was cancelled.', 'session')
  return end.rev
}
