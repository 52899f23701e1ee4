/** A `tokenizer.json` for tests that need one to break: small, whole and valid. */

export type Fields = Record<string, unknown>

export interface TokenizerFile extends Fields {
  added_tokens: Fields[]
  model: Fields & { vocab: Record<string, number>; merges: unknown }
}

/** Byte-level BPE over a, b, c and the space, with merges up to `Ġab`, and one special token. */
export function tinyTokenizerFile(): TokenizerFile {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      { id: 0, content: '<end>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    ],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      vocab: { '<end>': 0, a: 1, b: 2, c: 3, Ġ: 4, ab: 5, Ġab: 6 },
      merges: [
        ['a', 'b'],
        ['Ġ', 'ab'],
      ],
    },
  }
}

/** Sets what stands at a path such as `model.merges.2`; undefined leaves it out of the JSON. */
export function setAt(file: Fields, path: string, value: unknown): void {
  const keys = path.split('.')
  const last = keys.pop()!
  const owner = keys.reduce<Fields>((at, key) => at[key] as Fields, file)
  owner[last] = value
}
