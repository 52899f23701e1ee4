/** One streamed request to the server, as cheaply as a client can do it. */
import { type Agent, request } from 'node:http'

export interface StreamOptions {
  readonly url: string
  readonly agent: Agent
  readonly key?: string
  readonly body: object
  /** Called with each piece of text; a promise keeps the next ones waiting. */
  readonly onText?: () => void | Promise<void>
  readonly signal?: AbortSignal
}

export interface Streamed {
  /** Null if the answer was complete; else `code` of the error, or what went wrong. */
  readonly problem: string | null
  readonly status: number
  /** Of `usage`. */
  readonly tokens: number
  /** Of a session. */
  readonly rev: number | null
}

interface Event {
  readonly choices?: readonly { readonly text?: string }[]
  readonly usage?: { readonly completion_tokens: number } | null
  readonly session?: { readonly rev: number | null }
  readonly error?: { readonly code: string }
}

export function stream({ url, agent, key, body, onText, signal }: StreamOptions): Promise<Streamed> {
  const text = JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } })
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(key && { authorization: `Bearer ${key}` }),
  }
  return new Promise((resolve) => {
    const fail = (status: number, problem: string) => resolve({ problem, status, tokens: 0, rev: null })
    const sent = request(`${url}/v1/completions`, { method: 'POST', agent, headers, ...(signal && { signal }) })
    sent.on('error', (error: NodeJS.ErrnoException) =>
      fail(0, signal?.aborted ? 'cancelled' : (error.code ?? error.name)),
    )
    sent.on('response', (response) => {
      void read(response, onText).then(
        (found) => resolve({ ...found, status: response.statusCode ?? 0 }),
        (error: NodeJS.ErrnoException) =>
          fail(response.statusCode ?? 0, signal?.aborted ? 'cancelled' : (error.code ?? error.name)),
      )
    })
    sent.end(text)
  })
}

async function read(
  response: AsyncIterable<Buffer>,
  onText?: () => void | Promise<void>,
): Promise<Omit<Streamed, 'status'>> {
  let rest = ''
  let found = { problem: 'cut off' as string | null, tokens: 0, rev: null as number | null }
  const decoder = new TextDecoder()
  for await (const part of response) {
    const frames = (rest + decoder.decode(part, { stream: true })).split('\n\n')
    rest = frames.pop() ?? ''
    for (const frame of frames) {
      const data = dataOf(frame)
      if (data === '[DONE]') found = { ...found, problem: found.problem === 'cut off' ? null : found.problem }
      else if (data !== null) {
        const event = JSON.parse(data) as Event
        found = taken(found, event)
        if (event.choices?.[0]?.text) await onText?.()
      }
    }
  }
  // a refusal is no stream
  return rest.startsWith('{') ? taken(found, JSON.parse(rest) as Event) : found
}

function taken<Found extends { problem: string | null; tokens: number; rev: number | null }>(
  found: Found,
  event: Event,
): Found {
  if (event.error) return { ...found, problem: event.error.code }
  if (!event.usage && !event.session) return found
  return { ...found, tokens: event.usage?.completion_tokens ?? found.tokens, rev: event.session?.rev ?? found.rev }
}

/** The data of an event; null for a comment. */
export function dataOf(frame: string): string | null {
  const line = frame.split('\n').find((one) => one.startsWith('data: '))
  return line === undefined ? null : line.slice(6)
}
