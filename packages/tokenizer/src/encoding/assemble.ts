/** Puts the tokens of one or two texts into the template of the post-processor. */
import type { Template } from '../post-processors/template-piece.js'
import type { Encoding } from './encoding.js'
import type { Sequence } from './encode-sequence.js'

export function assemble(
  sequences: readonly Sequence[],
  template: Template,
  addSpecial: boolean,
  overflow: readonly Encoding[],
): Encoding {
  const pieces = template.filter((piece) => !piece.ids || addSpecial)
  const size = pieces.reduce((sum, { ids, sequence }) => sum + (ids ?? sequences[sequence].ids).length, 0)
  const encoding = emptyEncoding(size, overflow)
  let at = 0
  for (const { ids, sequence, typeId } of pieces) {
    const part = ids ? undefined : sequences[sequence]
    const count = (ids ?? part!.ids).length
    encoding.ids.set(ids ?? part!.ids, at)
    encoding.typeIds.fill(typeId, at, at + count)
    if (part) {
      encoding.offsets.set(part.offsets, at * 2)
      encoding.wordIds.set(part.wordIds, at)
      encoding.sequenceIds.fill(sequence, at, at + count)
    } else encoding.specialTokensMask.fill(1, at, at + count)
    at += count
  }
  encoding.attentionMask.fill(1)
  return encoding
}

/** An encoding of `size` padding tokens of id 0. */
export function emptyEncoding(size: number, overflow: readonly Encoding[]): Encoding {
  return {
    ids: new Uint32Array(size),
    offsets: new Uint32Array(size * 2),
    wordIds: new Int32Array(size).fill(-1),
    typeIds: new Uint32Array(size),
    sequenceIds: new Int8Array(size).fill(-1),
    specialTokensMask: new Uint8Array(size),
    attentionMask: new Uint8Array(size),
    overflow,
  }
}
