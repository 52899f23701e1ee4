/** What a generation has come to so far. */
import type { GenerateResult } from './generate-result.js'

export class Tally {
  readonly ids: number[] = []
  text = ''
  promptTokens = 0
  finishReason: GenerateResult['finishReason'] = 'aborted'
  readonly seed: number
  readonly stateBytes: number
  #firstMs = 0
  #laterMs = 0

  constructor(seed: number, stateBytes: number) {
    this.seed = seed
    this.stateBytes = stateBytes
  }

  add(id: number, text: string, milliseconds: number): void {
    if (this.ids.length === 0) this.#firstMs = milliseconds
    else this.#laterMs += milliseconds
    this.ids.push(id)
    this.text += text
  }

  result(): GenerateResult {
    const { text, ids, promptTokens, finishReason, seed, stateBytes } = this
    const later = ids.length - 1
    return {
      text,
      ids: [...ids],
      promptTokens,
      completionTokens: ids.length,
      finishReason,
      seed,
      ttftMs: this.#firstMs,
      tokensPerSecond: later > 0 && this.#laterMs > 0 ? (later / this.#laterMs) * 1000 : 0,
      stateBytes,
    }
  }
}
