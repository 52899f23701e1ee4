/** Ids of one text with their offsets and words. The slow way of encoding: it follows every character through all changes. */
import { identityOrigin, type Origin } from '../origin/origin.js'
import { IdBuffer } from '../models/id-buffer.js'
import type { Pipeline } from '../read-tokenizer-json.js'
import { toWellFormed } from '../reading/well-formed.js'
import { runPipeline } from './run-pipeline.js'

/** Tokens of one text, before the post-processor. */
export interface Sequence {
  readonly ids: Uint32Array // [tokens]
  readonly offsets: Uint32Array // [tokens, 2]
  readonly wordIds: Int32Array // [tokens]
}

export function encodeSequence(parts: Pipeline, text: string, parseSpecial: boolean): Sequence {
  const out = new IdBuffer((text.length >> 2) + 16)
  const offsets: number[] = []
  const wordIds: number[] = []
  let word = 0
  const place = (origin: Origin, start: number, end: number): void => {
    offsets.push(origin.starts[start] ?? 0, origin.ends[end - 1] ?? 0)
    wordIds.push(word)
  }
  const whole = toWellFormed(text)
  runPipeline(
    parts,
    whole,
    { parseSpecial, origin: identityOrigin(whole) },
    {
      token({ id }, start, end, origin) {
        out.push(id)
        place(origin!, start, end)
        word++
      },
      piece(piece, start, end, origin) {
        const { model } = parts
        const room = model.room(end - start)
        const symbols = new Int32Array(room)
        const spans = new Int32Array(room * 2)
        const count = model.write(piece, start, end, symbols, spans)
        out.reserve(count)
        for (let i = 0; i < count; i++) {
          out.data[out.length++] = symbols[i]
          place(origin!, spans[i * 2], spans[i * 2 + 1])
        }
        word++
      },
    },
  )
  const sequence = { ids: out.toArray(), offsets: Uint32Array.from(offsets), wordIds: Int32Array.from(wordIds) }
  const trim = parts.postProcessor.templates?.trim
  if (trim) trimOffsets(parts, sequence, trim.prefixed)
  return sequence
}

/** Leaves spaces at the ends of tokens out of their offsets, as the reference does for byte-level files. */
function trimOffsets(parts: Pipeline, { ids, offsets }: Sequence, prefixed: boolean): void {
  ids.forEach((id, i) => {
    const token = parts.tokens[id]
    const [before] = /^[Ġ\p{White_Space}]*/u.exec(token)!
    const [after] = /[Ġ\p{White_Space}]*$/u.exec(token)!
    const start = offsets[i * 2]
    const end = offsets[i * 2 + 1]
    // The space that was put before the text has no place in it.
    const own = before.length > 0 && prefixed && (i === 0 || start === 0) ? before.length - 1 : before.length
    offsets[i * 2] = Math.min(start + own, end)
    if (end >= after.length) offsets[i * 2 + 1] = Math.max(end - after.length, offsets[i * 2])
  })
}
