/** Bytes that go out as their reader asks for them; one that asks for nothing for `readerMs` is given up. */
export function byteStream(bytes: Uint8Array, readerMs: number): ReadableStream<Uint8Array> {
  const size = 64 * 1024
  let at = 0
  let patience: ReturnType<typeof setTimeout> | undefined
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        clearTimeout(patience)
        controller.enqueue(bytes.subarray(at, at + size))
        at += size
        if (at >= bytes.length) return controller.close()
        patience = setTimeout(() => controller.error(new Error('the reader took too long')), readerMs)
      },
      cancel() {
        clearTimeout(patience)
      },
    },
    { highWaterMark: 0 },
  )
}
