/** Which tokens a session has seen, for the penalties. Sparse: it grows with distinct tokens, not with the length of the text. */
import type { TokenHistory } from '../sampling/sampler.js'

export class History implements TokenHistory {
  readonly seen: Set<number>
  readonly output: Map<number, number>

  constructor(seen: Iterable<number> = [], output: Iterable<readonly [number, number]> = []) {
    this.seen = new Set(seen)
    this.output = new Map(output)
  }

  /** Appended tokens. What was output before them is prompt from now on, as in a chat that is sent again with one more turn. */
  addPrompt(ids: ArrayLike<number>): void {
    if (ids.length === 0) return
    this.output.clear()
    for (let at = 0; at < ids.length; at++) this.seen.add(ids[at])
  }

  addOutput(id: number): void {
    this.seen.add(id)
    this.output.set(id, (this.output.get(id) ?? 0) + 1)
  }

  copy(): History {
    return new History(this.seen, this.output)
  }
}
