/** What a model is: it turns pieces of text into ids. It knows no pre-tokenizer and no added tokens. */
import type { IdBuffer } from './id-buffer.js'

export interface Model {
  readonly vocabulary: ReadonlyMap<string, number>
  /** Appends the ids of the piece `text[start .. end]` to `out`. */
  encode(text: string, start: number, end: number, out: IdBuffer): void
  /** The same, and appends to `spans` start and end of every id in `text`. */
  encodeSpans(text: string, start: number, end: number, out: IdBuffer, spans: number[]): void
}
