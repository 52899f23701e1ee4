/** Hands the prompts of a request to whoever writes texts: all of them or none. */
import { randomBytes } from 'node:crypto'
import type { GenerateOptions } from '@retnet/generate'
import type { SessionRecord } from '../sessions/records.js'
import type { Json } from '../stores/contract.js'
import { ScopeBusyError } from '../stores/errors.js'
import type { RunningTurn } from '../turns/running-turn.js'
import { ApiError } from './api-error.js'
import { beginTurn } from './begin-turn.js'
import { type ApiContext, tenantOf } from './context.js'
import type { ReadPrompt } from './read-prompts.js'
import type { OpenSession } from './sessions/open-session.js'
import type { View } from './view.js'

export interface Begin {
  readonly format: View['format']
  readonly prompts: readonly ReadPrompt[]
  /** Of each choice of a prompt. */
  readonly options: readonly GenerateOptions[]
  readonly echo?: boolean
  readonly includeUsage: boolean
  readonly session: OpenSession | null
}

export interface Begun {
  readonly running: RunningTurn
  readonly view: View
}

export async function begin(context: ApiContext, ask: Begin): Promise<Begun> {
  const { limits } = context
  const { prompts, options } = ask
  const plans = prompts.flatMap((_, prompt) => options.map((own) => ({ prompt, own })))
  if (plans.length > limits.choices) {
    const message = `prompt: expected up to ${limits.choices} texts, prompts times n.`
    throw new ApiError(400, 'too_many_prompts', message, 'prompt')
  }
  if (!ask.session) return start(context, ask, plans, null)
  try {
    return await start(context, ask, plans, ask.session.record)
  } catch (error) {
    if (!(error instanceof ScopeBusyError && ask.session.forks)) throw error
    const { id } = ask.session.record
    return start(context, ask, plans, await context.sessions.sessions.fork(tenantOf(context), id, undefined))
  }
}

async function start(
  context: ApiContext,
  ask: Begin,
  plans: readonly { readonly prompt: number; readonly own: GenerateOptions }[],
  session: SessionRecord | null,
): Promise<Begun> {
  const { prompts, echo = false } = ask
  const tenant = tenantOf(context)
  if (session) await context.sessions.quotas.take(tenant, { bytes: context.model.stateBytes })
  const id = randomBytes(16).toString('hex')
  const view = viewOf(context, ask, id, session)
  const running = await beginTurn(context.turns, {
    id,
    tenant,
    prompts: prompts.map(({ ids }) => ids),
    texts: plans.map(({ prompt, own }) => ({
      prompt,
      options: own,
      scorePrompt: echo && own.logprobs !== undefined,
    })),
    session: session && { id: session.id, rev: session.rev },
    view: view as unknown as Json,
    keepMs: 0,
  })
  return { running, view }
}

function viewOf(
  { model, served }: ApiContext,
  { format, prompts, options, echo, includeUsage }: Begin,
  id: string,
  session: SessionRecord | null,
): View {
  return {
    format,
    id: `${format === 'chat' ? 'chatcmpl' : 'cmpl'}-${id}`,
    created: Math.floor(Date.now() / 1000),
    model: served.id,
    fingerprint: model.identity.weights,
    promptTokens: prompts.reduce((sum, { ids }) => sum + ids.length, session?.length ?? 0),
    choices: prompts.flatMap(({ text }) =>
      options.map(({ logprobs, stopIds }) => {
        return { echo: echo ? text : '', logprobs: logprobs !== undefined, stopIds: [...(stopIds ?? [])] }
      }),
    ),
    includeUsage,
    session: session?.id ?? null,
  }
}
