/** The tokens under construction: ids in the order in which they were added. */
export class GrowingVocabulary {
  readonly tokens: string[] = []
  readonly #idOf = new Map<string, number>()

  get size(): number {
    return this.tokens.length
  }

  idOf(token: string): number | undefined {
    return this.#idOf.get(token)
  }

  /** Id of the token, which is added if it is new. */
  add(token: string): number {
    const known = this.#idOf.get(token)
    if (known !== undefined) return known
    this.#idOf.set(token, this.tokens.length)
    return this.tokens.push(token) - 1
  }
}
