/** From choices that have begun to the response, whole or as a stream. */
import { eventStream } from '../http/event-stream.js'
import type { ApiError } from './api-error.js'
import { type Choice, collect, merge } from './choice.js'
import type { Format } from './format.js'
import type { Limits } from './limits.js'

export interface Response200 {
  readonly choices: readonly Choice[]
  readonly format: Format
  readonly model: string
  /** Of the weights: equal ones give equal texts for equal seeds. */
  readonly fingerprint: string
  readonly promptTokens: number
  readonly limits: Limits
  /** Fires when the client has gone. */
  readonly signal: AbortSignal
}

interface Usage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly prompt_tokens_details: { readonly cached_tokens: number }
}

export async function respondWhole(response: Response200): Promise<Response> {
  const { choices, format } = response
  using _ = cancelling(response)
  const written = await collect(choices)
  const [first] = written
  if (written.length === 1 && first.error && !isOfText(first.error)) throw first.error
  const drawn = written.flatMap(({ events }) => events.filter(({ kind }) => kind === 'token')).length
  return Response.json({
    ...headOf(response, format.object),
    choices: written.map((one) => format.whole(one)),
    usage: usageOf(response, drawn),
  })
}

export function respondStream(response: Response200, includeUsage: boolean): Response {
  const { limits, choices } = response
  const stopListening = cancelling(response)
  const values = chunks(response, includeUsage, () => stopListening[Symbol.dispose]())
  return eventStream(values, { ...limits, onGone: () => cancelAll(choices) })
}

async function* chunks(response: Response200, includeUsage: boolean, onEnd: () => void): AsyncGenerator<object, void> {
  const { choices, format } = response
  const head = headOf(response, format.chunkObject)
  const chunk = (choice: object) => ({ ...head, choices: [choice], ...(includeUsage && { usage: null }) })
  const open = new Set(choices)
  let drawn = 0
  try {
    for (const opening of choices.map((choice) => format.opening(choice))) if (opening) yield chunk(opening)
    for await (const found of merge(choices)) {
      if ('error' in found) {
        open.delete(found.choice)
        const isAll = choices.length === 1 && !isOfText(found.error)
        yield isAll ? found.error.body : chunk(format.ending(found.choice, found.error))
        continue
      }
      if (found.event.kind === 'token') drawn++
      const delta = format.delta(found.choice, found.event)
      if (delta) yield chunk(delta)
      if (found.event.kind === 'token' && found.event.finishReason) open.delete(found.choice)
    }
    for (const choice of open) yield chunk(format.ending(choice, null))
    if (includeUsage) yield { ...head, choices: [], usage: usageOf(response, drawn) }
  } finally {
    onEnd()
  }
}

/** The request was answered, and its text came to a bad end: what there is of it goes out. */
function isOfText({ code }: ApiError): boolean {
  return code === 'grammar_dead_end'
}

function headOf({ format, model, fingerprint }: Response200, object: string) {
  const id = `${format.idPrefix}-${crypto.randomUUID().replaceAll('-', '')}`
  return { id, object, created: Math.floor(Date.now() / 1000), model, system_fingerprint: fingerprint }
}

function usageOf({ promptTokens }: Response200, drawn: number): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: drawn,
    total_tokens: promptTokens + drawn,
    prompt_tokens_details: { cached_tokens: 0 },
  }
}

/** Cancels the choices when the client goes, until it is disposed of. */
function cancelling({ signal, choices }: Response200): Disposable {
  const cancel = () => cancelAll(choices)
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel)
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', cancel) }
}

function cancelAll(choices: readonly Choice[]): void {
  for (const { job } of choices) job.cancel()
}
