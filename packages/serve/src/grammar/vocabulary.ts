/** The bytes of the tokens of a model, in the order of their bytes: tokens with the same beginning stand together. */

export interface Vocabulary {
  readonly size: number
  /** Ids of the tokens that have text, by their bytes. */
  readonly ids: Int32Array
  /** Of each of these, by its place in `ids`. */
  readonly bytes: readonly Uint8Array[]
  /** How many bytes each has in common with the one before it. */
  readonly shared: Int32Array
  readonly bytesOf: (id: number) => Uint8Array | null
}

/** `bytesOf` gives null for a token that has no text of its own: a special one, or one that does not exist. */
export function createVocabulary(size: number, bytesOf: (id: number) => Uint8Array | null): Vocabulary {
  const tokens = Array.from({ length: size }, (_, id) => ({ id, bytes: bytesOf(id) }))
  const written = tokens.filter((token): token is { id: number; bytes: Uint8Array } => (token.bytes?.length ?? 0) > 0)
  written.sort((a, b) => compare(a.bytes, b.bytes))
  const all = tokens.map(({ bytes }) => bytes)
  return {
    size,
    ids: Int32Array.from(written, ({ id }) => id),
    bytes: written.map(({ bytes }) => bytes),
    shared: Int32Array.from(written, ({ bytes }, at) => (at === 0 ? 0 : common(bytes, written[at - 1].bytes))),
    bytesOf: (id) => all[id] ?? null,
  }
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const at = common(a, b)
  return (a[at] ?? -1) - (b[at] ?? -1)
}

function common(a: Uint8Array, b: Uint8Array): number {
  let at = 0
  while (at < a.length && at < b.length && a[at] === b[at]) at++
  return at
}
