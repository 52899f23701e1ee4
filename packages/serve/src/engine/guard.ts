import { EngineClosedError } from '../errors.js'

interface Failing {
  end(error: unknown): void
}

/** Makes the errors of work those of the texts that it is for. */
export class Guard {
  readonly #onFatal: (error: unknown) => void

  /** `onFatal` is told of an error after which the backend is of no use. */
  constructor(onFatal: (error: unknown) => void) {
    this.#onFatal = onFatal
  }

  /** What goes wrong with a run ends the texts that took part in it. One that broke the backend is no fault of theirs. */
  async run(texts: readonly Failing[], work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const fatal = isFatal(error)
      for (const text of texts) text.end(fatal ? new EngineClosedError() : error)
      if (fatal) this.#onFatal(error)
    }
  }
}

function isFatal(error: unknown): boolean {
  return (error as { isFatal?: unknown } | null)?.isFatal === true
}

interface Settling extends Failing {
  readonly isDone: boolean
}

/** What goes wrong with one text, in its sampling or its decoding, is its error alone. */
export function settle(text: Settling, take: () => void): void {
  if (text.isDone) return
  try {
    take()
  } catch (error) {
    text.end(error)
  }
}
