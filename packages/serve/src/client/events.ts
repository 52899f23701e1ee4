/** Server-sent events out of a body that comes in pieces. */
export interface ServerEvent {
  readonly id: string | null
  readonly data: string
}

/** Comments are passed over; an event that the connection cut off is none. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      text += decoder.decode(value, { stream: true })
      const blocks = text.split(/\r?\n\r?\n/)
      text = blocks.pop()!
      for (const block of blocks) {
        const event = read(block)
        if (event) yield event
      }
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function read(block: string): ServerEvent | null {
  const lines = block.split(/\r?\n/)
  const field = (name: string) => {
    return lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trimStart())
  }
  const data = field('data')
  return data.length === 0 ? null : { id: field('id').at(-1) ?? null, data: data.join('\n') }
}
