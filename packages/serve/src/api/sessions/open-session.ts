/** The session that a request for texts goes on with. */
import type { SessionRecord } from '../../sessions/records.js'
import { requireCompatible } from '../../sessions/compatible.js'
import { requireId } from '../../sessions/ids.js'
import { conflict } from '../../sessions/sessions.js'
import { ApiError } from '../api-error.js'
import { type ApiContext, tenantOf } from '../context.js'
import { type ReadPrompt, readPrompts } from '../read-prompts.js'

export interface SessionFields {
  readonly session?: string | null
  readonly if_match?: number | null
  readonly on_busy?: 'error' | 'fork' | null
  readonly n?: number | null
}

export interface OpenSession {
  readonly record: SessionRecord
  /** Go on with a fork if a turn is working on it. */
  readonly forks: boolean
}

/** Null for a request without one. Throws a 404, a 409, or a 400 for what goes with no session. */
export async function openSession(context: ApiContext, request: SessionFields): Promise<OpenSession | null> {
  const { session, if_match: rev, on_busy: onBusy, n } = request
  if (session == null) {
    const alone = rev != null ? 'if_match' : onBusy != null ? 'on_busy' : null
    if (alone) throw new ApiError(400, 'invalid_value', `${alone}: only with session.`, alone)
    return null
  }
  if ((n ?? 1) > 1) {
    throw new ApiError(400, 'invalid_value', 'n: a session has one next text. Fork it for each of them.', 'n')
  }
  const record = await requireSession(context, session, rev)
  return { record, forks: onBusy === 'fork' }
}

export async function requireSession(
  context: ApiContext,
  id: string,
  rev: number | null | undefined,
): Promise<SessionRecord> {
  requireId('sess', id, 'session')
  const record = await context.sessions.sessions.head(tenantOf(context), id)
  if (rev != null && rev !== record.rev) throw conflict(record.rev)
  requireCompatible(record.model, context.model.identity)
  return record
}

/** What the session goes on with; nothing at all is well after something. What begins a text begins the first one alone. */
export async function readSessionPrompt(
  { served, model, limits }: ApiContext,
  value: unknown,
  { length }: SessionRecord,
): Promise<ReadPrompt> {
  if (length > 0 && (value == null || value === '' || (Array.isArray(value) && value.length === 0))) {
    return { ids: new Int32Array(), text: '' }
  }
  const prompts = await readPrompts(value, length > 0 ? { ...served, bosToken: null } : served, model, limits)
  if (prompts.length === 1) return prompts[0]
  throw new ApiError(400, 'invalid_prompt', 'prompt: expected one, because a session has one next text.', 'prompt')
}
