/** Reads `decoder`: one step or a sequence of them. */
import { readSteps, readWith } from '../reading/steps.js'
import { createTokenStream, decodeTokens } from './decode-tokens.js'
import { join, spaced, type DecoderStage } from './decoder.js'
import type { DecoderReader } from './id-decoder.js'
import { byteDecoder } from './read-byte-decoder.js'

/** Steps that hand on one token, in parts. */
const FUSING = ['Fuse', 'ByteLevel']

export const readDecoder: DecoderReader = (value, table, readers) => {
  const steps = readSteps(value, 'decoder', 'decoders')
  if (steps.length === 1 && steps[0].type === 'ByteLevel') return byteDecoder(table)
  const decoders = steps.map((step) => readWith(readers, step))
  const create = (): DecoderStage => {
    // As in the reference, an empty list of steps joins the tokens as they are.
    if (steps.length === 0) return spaced(false)
    const stages = decoders.map((make, i) => make(steps.slice(0, i).some(({ type }) => FUSING.includes(type))))
    return stages.reduceRight((after, stage) => join(stage, after))
  }
  return {
    decode: (ids, skipSpecial) => decodeTokens(table, ids, skipSpecial, create()),
    createStream: (skipSpecial) => createTokenStream(table, skipSpecial, create()),
  }
}
