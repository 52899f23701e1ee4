export interface ByteStreamOptions {
  /** Milliseconds after which a reader that asks for nothing is given up. */
  readonly readerMs: number
  /** The bytes are needed no more; called once. */
  readonly onEnd: () => void
}

/** Bytes that go out as their reader asks for them, 64 KiB at a time. */
export function byteStream(bytes: Uint8Array, { readerMs, onEnd }: ByteStreamOptions): ReadableStream<Uint8Array> {
  const size = 64 * 1024
  let at = 0
  let patience: ReturnType<typeof setTimeout> | undefined
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        clearTimeout(patience)
        controller.enqueue(bytes.subarray(at, at + size))
        at += size
        if (at >= bytes.length) {
          onEnd()
          return controller.close()
        }
        patience = setTimeout(() => {
          onEnd()
          controller.error(new Error('the reader took too long'))
        }, readerMs)
      },
      cancel() {
        clearTimeout(patience)
        onEnd()
      },
    },
    { highWaterMark: 0 },
  )
}
