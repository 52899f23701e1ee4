/** What a model is: it turns pieces of text into ids. It knows no pre-tokenizer and no added tokens. */
import type { IdBuffer } from './id-buffer.js'

export interface Model {
  readonly vocabulary: ReadonlyMap<string, number>
  /** Appends the ids of the piece `text[start .. end]` to `out`. */
  encode(text: string, start: number, end: number, out: IdBuffer): void
  /** The most ids that a piece of so many code units can have. */
  room(units: number): number
  /** Writes the ids of the piece to `symbols`, and to `spans` where they stand, two numbers an id; returns how many ids. */
  write(text: string, start: number, end: number, symbols: Int32Array, spans?: Int32Array): number
}
