/** What a text becomes with everything known about its tokens. Plain data, one entry per token in every array. */
export interface Encoding {
  readonly ids: Uint32Array // [tokens]
  /** Start and end of every token in its text, in UTF-16 code units: `text.slice(start, end)`. Special tokens have 0, 0. */
  readonly offsets: Uint32Array // [tokens, 2]
  /** Index of the word, as the pre-tokenizer cuts it, within its text; -1 for special tokens. */
  readonly wordIds: Int32Array // [tokens]
  /** Segment ids as the post-processor gives them. */
  readonly typeIds: Uint32Array // [tokens]
  /** 0 for the first text, 1 for the second, -1 for special tokens. */
  readonly sequenceIds: Int8Array // [tokens]
  /** 1 for what the post-processor and padding have put in. */
  readonly specialTokensMask: Uint8Array // [tokens]
  /** 0 for padding. */
  readonly attentionMask: Uint8Array // [tokens]
  /** What truncation has cut off, in pieces as long as this one. */
  readonly overflow: readonly Encoding[]
}
