/** Hands the prompts of a request to whoever writes texts: all of them or none. */
import { randomBytes } from 'node:crypto'
import type { GenerateOptions } from '@retnet/generate'
import type { SessionRecord } from '../sessions/records.js'
import type { Json } from '../stores/contract.js'
import { ScopeBusyError } from '../stores/errors.js'
import type { RunningTurn } from '../turns/running-turn.js'
import type { Turn } from '../turns/turn.js'
import { ApiError } from './api-error.js'
import { beginTurn } from './begin-turn.js'
import { type ApiContext, tenantOf } from './context.js'
import type { ReadPrompt } from './read-prompts.js'
import type { OpenSession } from './sessions/open-session.js'
import { priorities, tierOf } from './service-tier.js'
import type { View } from './view.js'

export interface Begin {
  readonly format: View['format']
  readonly prompts: readonly ReadPrompt[]
  /** Of each choice of a prompt. */
  readonly options: readonly GenerateOptions[]
  readonly echo?: boolean
  /** What the texts must be. */
  readonly grammar?: Turn['grammar']
  readonly includeUsage: boolean
  /** A stream that its reader may leave and come back to. */
  readonly resumable: boolean
  readonly session: OpenSession | null
  readonly tier?: Parameters<typeof tierOf>[0]
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
  const { admission, record } = context.scope
  const promptTokens = prompts.reduce((sum, { ids }) => sum + ids.length, 0)
  const mostTokens = plans.reduce((sum, { own }) => sum + (own.maxTokens ?? 0), promptTokens)
  await admission.begin(plans.length, mostTokens)
  const begun = await beginOrFork(context, ask, plans)
  record.generation = {
    operation: ask.format === 'chat' ? 'chat' : 'text_completion',
    model: context.served.id,
    texts: plans.length,
    session: ask.session != null,
    promptTokens,
    maxTokens: Math.max(...plans.map(({ own }) => own.maxTokens ?? 0)),
  }
  return begun
}

interface Plan {
  readonly prompt: number
  readonly own: GenerateOptions
}

async function beginOrFork(context: ApiContext, ask: Begin, plans: readonly Plan[]): Promise<Begun> {
  if (!ask.session) return start(context, ask, plans, null)
  const tenant = tenantOf(context)
  await context.sessions.quotas.take(tenant, { bytes: context.model.stateBytes })
  try {
    return await start(context, ask, plans, ask.session.record)
  } catch (error) {
    if (!(error instanceof ScopeBusyError && ask.session.forks)) throw error
    const { id } = ask.session.record
    return start(context, ask, plans, await context.sessions.sessions.fork(tenant, id, undefined))
  }
}

async function start(
  context: ApiContext,
  ask: Begin,
  plans: readonly Plan[],
  session: SessionRecord | null,
): Promise<Begun> {
  const { prompts, echo = false } = ask
  const id = randomBytes(16).toString('hex')
  const view = viewOf(context, ask, id, session)
  const turn: Turn = {
    id,
    tenant: tenantOf(context),
    weights: context.model.identity.weights,
    prompts: prompts.map(({ ids }) => Array.from(ids)),
    texts: plans.map(({ prompt, own }) => ({
      prompt,
      options: own,
      scorePrompt: echo && own.logprobs !== undefined,
    })),
    session: session && { id: session.id, rev: session.rev },
    grammar: ask.grammar ?? null,
    view: view as unknown as Json,
    keepMs: ask.resumable ? context.limits.resumeMs : 0,
  }
  return { running: await beginTurn(context.turns, turn, priorities[view.tier], ask.session?.forks), view }
}

function viewOf(
  { model, served, scope }: ApiContext,
  { format, prompts, options, echo, includeUsage, resumable, tier }: Begin,
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
    resumable: resumable ? { tenant: scope.caller.tenant } : null,
    tier: tierOf(tier, scope.caller),
    session: session?.id ?? null,
  }
}
