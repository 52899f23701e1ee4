/** Server-sent events, pulled by their reader: nothing is produced for one that does not read. */

const encoder = new TextEncoder()
const ping = ': ping\n\n'

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
}

export interface EventStreamOptions {
  /** Milliseconds of silence after which a comment is sent. */
  readonly pingMs: number
  /** Milliseconds that the reader may take to ask for more. */
  readonly readerMs: number
  /** The reader has gone, or took too long. */
  readonly onGone: () => void
  /** Cuts the connection of a reader who took too long. */
  readonly hangUp: () => void
}

export interface Frame {
  /** Without line breaks: a client that comes again says which one it has read last. */
  readonly id: string
  readonly data: object
}

/** A response with one event for each frame, its data as JSON on one line, and `[DONE]` after the last. `groups` must not throw. */
export function eventStream(groups: AsyncIterator<readonly Frame[]>, options: EventStreamOptions): Response {
  const { pingMs, readerMs, onGone, hangUp } = options
  let next: Promise<IteratorResult<readonly Frame[]>> | null = null
  let patience: ReturnType<typeof setTimeout> | undefined
  const lose = () => {
    clearTimeout(patience)
    onGone()
    // what it holds is let go, though nobody reads it to its end
    void groups.return?.()
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(patience)
        let text = ''
        while (text === '') {
          next ??= groups.next()
          const result = await within(next, pingMs)
          if (result?.done) return finish(controller)
          if (result) next = null
          text = result ? result.value.map(show).join('') : ping
        }
        controller.enqueue(encoder.encode(text))
        patience = setTimeout(() => {
          lose()
          hangUp()
        }, readerMs)
      },
      cancel: lose,
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers })
}

function finish(controller: ReadableStreamDefaultController<Uint8Array>): void {
  controller.enqueue(encoder.encode('data: [DONE]\n\n'))
  controller.close()
}

function show({ id, data }: Frame): string {
  return `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`
}

/** Null after `ms` milliseconds. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
