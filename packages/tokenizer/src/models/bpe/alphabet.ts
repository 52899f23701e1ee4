/** What BPE begins with: the symbols of a piece before any merge. */
export interface Alphabet {
  /** The most symbols that a piece of so many code units can have. */
  room(units: number): number
  /** Writes the ids of the symbols, and to `spans` where they stand in `text`, two numbers a symbol; returns how many. */
  write(text: string, start: number, end: number, symbols: Int32Array, spans?: Int32Array): number
  /** The piece as the vocabulary would write it. */
  spell(text: string, start: number, end: number): string
}

export interface UnknownRule {
  /** Id of a symbol that has no token; without one such symbols are dropped before merging, as in the reference. */
  readonly unknownId: number | undefined
  /** Whether a run of symbols without a token is one unknown or many. */
  readonly fuseUnknown: boolean
}
