/** One text, read over as many connections as it takes: a client that comes back with Last-Event-ID. */

export interface TextRequest {
  readonly prompt: string
  readonly max_tokens: number
  readonly seed: number
}

export interface ReadText {
  readonly text: string
  /** Of `usage`. */
  readonly tokens: number
  readonly connections: number
}

interface Event {
  readonly choices?: readonly { readonly text?: string }[]
  readonly usage?: { readonly completion_tokens: number } | null
  readonly error?: { readonly code: string }
}

const RECONNECT_MS = 300
const FOR_MS = 120_000

/** Throws for an error of the service, an event that is missing or comes twice, and after two minutes. */
export async function readText(urls: readonly string[], request: TextRequest): Promise<ReadText> {
  const until = performance.now() + FOR_MS
  const state = { text: '', tokens: 0, next: 0, last: '', stream: '', done: false }
  for (let connections = 1; ; connections += 1) {
    try {
      await readSome(urls[(request.seed + connections) % urls.length], request, state)
    } catch (error) {
      if (!isCut(error) || performance.now() > until) throw error
    }
    if (state.done) return { text: state.text, tokens: state.tokens, connections }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS))
  }
}

type State = { text: string; tokens: number; next: number; last: string; stream: string; done: boolean }

async function readSome(url: string, request: TextRequest, state: State): Promise<void> {
  const response = await (state.stream === '' ? begin(url, request) : resume(url, state))
  if (!response.ok) throw new ServiceError(response.status, await response.text())
  state.stream = response.headers.get('x-retnet-stream')!
  const decoder = new TextDecoder()
  let rest = ''
  for await (const part of response.body!) {
    const frames = (rest + decoder.decode(part, { stream: true })).split('\n\n')
    rest = frames.pop()!
    for (const frame of frames) take(frame, state)
  }
}

function begin(url: string, request: TextRequest): Promise<Response> {
  const body = JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true, resumable: true } })
  return fetch(`${url}/v1/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
}

function resume(url: string, { stream, last }: State): Promise<Response> {
  return fetch(`${url}/v1/streams/${stream}`, { headers: last === '' ? {} : { 'last-event-id': last } })
}

function take(frame: string, state: State): void {
  const data = /^data: (.*)$/m.exec(frame)?.[1]
  const id = /^id: (.*)$/m.exec(frame)?.[1]
  if (id !== undefined) {
    const number = Number(id.slice(id.lastIndexOf(':') + 1))
    if (number !== state.next) throw new Error(`event ${state.next} was expected, ${number} came`)
    state.next += 1
    state.last = id
  }
  if (data === undefined) return
  if (data === '[DONE]') return void (state.done = true)
  const event = JSON.parse(data) as Event
  if (event.error?.code === 'state_store_unavailable') throw new ServiceError(503, event.error.code)
  if (event.error) throw new Error(`the stream says ${JSON.stringify(event.error)}`)
  state.text += event.choices?.[0]?.text ?? ''
  state.tokens = event.usage?.completion_tokens ?? state.tokens
}

class ServiceError extends Error {
  readonly status: number

  constructor(status: number, body: string) {
    super(`${status} ${body}`)
    this.status = status
  }
}

/** The connection was cut or refused, or the service says that it cannot go on now: a client comes back. */
function isCut(error: unknown): boolean {
  if (error instanceof ServiceError) return error.status === 503
  return error instanceof TypeError || (error as Error).name === 'AbortError'
}
