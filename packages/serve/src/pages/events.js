/** The data of server-sent events, as they come; comments and ids are left out. */
export async function* eventData(/** @type {ReadableStream<Uint8Array>} */ body) {
  let rest = ''
  for await (const part of chunks(body)) {
    const events = (rest + part).split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      const lines = event.split('\n').filter((line) => line.startsWith('data: '))
      if (lines.length > 0) yield lines.map((line) => line.slice('data: '.length)).join('\n')
    }
  }
}

// not every browser can iterate a stream
async function* chunks(/** @type {ReadableStream<Uint8Array>} */ body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel()
  }
}
