import type { TokenMask } from '@retnet/generate'

/** Which tokens may come next in one text. It follows the text: the ids that were accepted, in their order, make the same state again. */
export interface TokenConstraint {
  /** The tokens that may come next; valid until `accept`. Throws GrammarDeadEndError if there is none. */
  mask(): TokenMask
  /** Takes a token of the mask in, stop tokens included. */
  accept(id: number): void
  /** True if the text is whole and nothing may follow. */
  readonly isComplete: boolean
}
