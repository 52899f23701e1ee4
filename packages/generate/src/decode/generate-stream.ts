/** A generation in progress: iterate it for pieces as they come, or await its result. Nothing runs before one of both is asked for. */
import type { GeneratePiece, GenerateResult } from './generate-result.js'
import type { Tally } from './tally.js'

export class GenerateStream implements AsyncIterable<GeneratePiece> {
  readonly #source: AsyncGenerator<GeneratePiece, void, undefined>
  readonly #tally: Tally
  readonly #pieces: GeneratePiece[] = []
  #pulling: Promise<boolean> | null = null
  #result: Promise<GenerateResult> | null = null

  constructor(source: AsyncGenerator<GeneratePiece, void, undefined>, tally: Tally) {
    this.#source = source
    this.#tally = tally
  }

  /**
   * Runs the generation to its end, whether or not somebody iterates. Rejects with what ended it: `signal.reason` after an abort. After
   * `break` or `return()` it is what there was until then, with finishReason `aborted`.
   */
  get result(): Promise<GenerateResult> {
    if (this.#result === null) {
      this.#result = this.#drain()
      // whoever iterates gets the error too; it must not count as unhandled here before somebody awaits this
      this.#result.catch(() => {})
    }
    return this.#result
  }

  /** Every iteration begins at the first piece. Leaving one with `break` ends the generation. */
  async *[Symbol.asyncIterator](): AsyncGenerator<GeneratePiece, void, undefined> {
    let completed = false
    try {
      for (let at = 0; at < this.#pieces.length || (await this.#pull()); at++) yield this.#pieces[at]
      completed = true
    } finally {
      if (!completed) await this.return()
    }
  }

  /** Ends the generation after the token that is being computed. The session keeps what was generated. */
  async return(): Promise<void> {
    await this.#source.return()
  }

  async #drain(): Promise<GenerateResult> {
    while (await this.#pull()) {
      // pieces are kept for whoever iterates
    }
    return this.#tally.result()
  }

  // one more piece, for all who wait for one; false at the end
  #pull(): Promise<boolean> {
    this.#pulling ??= this.#advance()
    return this.#pulling
  }

  async #advance(): Promise<boolean> {
    const { done, value } = await this.#source.next()
    if (done) return false
    this.#pieces.push(value)
    this.#pulling = null
    return true
  }
}
