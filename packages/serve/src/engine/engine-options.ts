import { ServeArgumentError } from '../errors.js'

export interface EngineOptions {
  /** Sequences that are advanced together, and so the states that are held. Default 8. */
  readonly rows?: number
  /** Tokens of a prompt that go in at once; prompts are cut on this grid, whatever else is running. Default: what the backend prefers. */
  readonly chunkTokens?: number
  /**
   * Tokens of one step: one for each text that is being written, the rest for chunks of prompts, at least one of them. A small number keeps
   * the stream smooth while prompts come in, a large one takes prompts in sooner. Default: two chunks.
   */
  readonly stepTokens?: number
  /** Generations that may wait for a row. Default 256. */
  readonly queue?: number
  /** Tokens that are held for a slow reader; its text is not continued while so many are. Default 64. */
  readonly readAhead?: number
  /**
   * A backend that draws tokens itself, such as a GPU, draws several for each text before they are read: as many as take this many
   * milliseconds. It is how late a token, a new text and a cancellation may come. 0: one at a time. Default 20.
   */
  readonly burstMs?: number
  /** Bytes of memory for states of beginnings that prompts of one `salt` share. 0: none are kept. Default 256 MiB. */
  readonly prefixBytes?: number
  /**
   * Told once of an error that broke the backend, such as the loss of a device. The engine has ended then as by `abort`: create another
   * one on another backend. Default: nobody is told.
   */
  readonly onFatal?: (error: unknown) => void
}

export function validateEngineOptions(options: EngineOptions, preferredTokens: number): Required<EngineOptions> {
  const chunkTokens = options.chunkTokens ?? preferredTokens
  const defaults = {
    rows: 8,
    chunkTokens,
    stepTokens: 2 * chunkTokens,
    queue: 256,
    readAhead: 64,
    burstMs: 20,
    prefixBytes: 2 ** 28,
    onFatal: () => {},
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(defaults, name)) {
      throw new ServeArgumentError('options', `only names among ${Object.keys(defaults).join(', ')}`, name)
    }
    const least = ['queue', 'burstMs', 'prefixBytes'].includes(name) ? 0 : 1
    if (name === 'onFatal') continue
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) {
      throw new ServeArgumentError(name, `a whole number of at least ${least}`, value)
    }
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(given) }
}
