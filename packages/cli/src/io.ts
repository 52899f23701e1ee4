/** What a command may touch of the process it runs in. Tests pass their own. */

export interface OutputStream {
  readonly isTTY?: boolean
  write(text: string): boolean
  once(event: 'drain', listener: () => void): unknown
}

export interface InputStream extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean
}

export interface Io {
  readonly stdin: InputStream
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Ends the command: Ctrl-C, for example. */
  readonly signal: AbortSignal
  /**
   * Gives interruptions to the caller until the returned function is called: a chat stops its answer, not itself.
   * Absent where there are none.
   */
  readonly onInterrupt?: (listener: () => void) => () => void
  /** The program of a thread that runs a model for `retnet serve`. Absent: it runs in this thread. */
  readonly engineThread?: URL
  /** The program of a thread that encodes texts for it. Absent: this thread does. */
  readonly textThread?: URL
  /**
   * Gives the first signal of any kind to the caller, until the returned function is called: a server ends what it has begun.
   * Absent where there are none.
   */
  readonly onStop?: (listener: () => void) => () => void
}

/** Writes and waits until the stream can take more, so that a slow reader does not fill the memory. */
export async function write(stream: OutputStream, text: string): Promise<void> {
  if (text === '' || stream.write(text)) return
  await new Promise<void>((resolve) => stream.once('drain', resolve))
}

/** The one thing that stdout gets with `--json`. */
export async function writeJson(io: Io, value: unknown): Promise<void> {
  await write(io.stdout, `${JSON.stringify(value)}\n`)
}
