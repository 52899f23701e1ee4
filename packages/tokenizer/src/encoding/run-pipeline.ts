/** One text through added tokens, normalizers and pre-tokenizer, piece by piece, to whoever takes the pieces. */
import type { AddedToken } from '../added-tokens/read-added-tokens.js'
import type { Normalizer } from '../normalizers/normalizer.js'
import type { Edits, Origin } from '../origin/origin.js'
import type { EmitPiece } from '../pre-tokenizers/pre-tokenizer.js'
import type { Pipeline } from '../read-tokenizer-json.js'

export interface PieceSink {
  readonly piece: EmitPiece
  /** An added token at `start` to `end` of the text that `origin` belongs to. */
  readonly token: (token: AddedToken, start: number, end: number, origin?: Origin) => void
}

export interface PipelineOptions {
  readonly parseSpecial: boolean
  /** Where the text is from, if the sink wants to know. */
  readonly origin: Origin | undefined
  /** Normalizers of the beginning, where it is not that of a text. */
  readonly opening?: readonly Normalizer[] | undefined
}

/** `text` must be well formed. */
export function runPipeline(parts: Pipeline, text: string, options: PipelineOptions, sink: PieceSink): void {
  const { parseSpecial, origin: whole, opening = parts.normalizers } = options
  parts.matchBeforeNormalizing(text, parseSpecial, (start, end, token) => {
    if (token) return sink.token(token, start, end, whole)
    const normalizers = start === 0 ? opening : parts.normalizers
    let stretch = start === 0 && end === text.length ? text : text.slice(start, end)
    let origin = stretch === text ? whole : whole?.edit(start, end, [])
    for (const normalize of normalizers) {
      const edits: Edits | undefined = origin && []
      const normalized = normalize(stretch, edits)
      if (edits && edits.length > 0) origin = origin!.edit(0, stretch.length, edits)
      stretch = normalized
    }
    parts.matchAfterNormalizing(stretch, parseSpecial, (from, to, inner) => {
      if (inner) sink.token(inner, from, to, origin)
      else parts.preTokenize(stretch, from, to, sink.piece, origin)
    })
  })
}
