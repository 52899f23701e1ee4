/** Reads `decoder`: one step or a sequence of them. */
import { readSteps, readWith } from '../reading/steps.js'
import { createTokenStream, decodeTokens } from './decode-tokens.js'
import { join, spaced, type DecoderStage } from './decoder.js'
import type { DecoderReader, TokenTable } from './id-decoder.js'
import { readByte } from './read-byte.js'
import { byteDecoder } from './read-byte-decoder.js'

/** Steps that hand on one token, in parts. */
const FUSING = ['Fuse', 'ByteLevel']

export const readDecoder: DecoderReader = (value, table, readers) => {
  const steps = readSteps(value, 'decoder', 'decoders')
  if (steps.length === 1 && steps[0].type === 'ByteLevel') return byteDecoder(table)
  const decoders = steps.map((step) => readWith(readers, step))
  const hasBytes = steps.some(({ type }) => type === 'ByteFallback')
  const create = (): DecoderStage => {
    // As in the reference, an empty list of steps joins the tokens as they are.
    if (steps.length === 0) return spaced(false)
    const stages = decoders.map((make, i) => make(steps.slice(0, i).some(({ type }) => FUSING.includes(type))))
    return stages.reduceRight((after, stage) => join(stage, after))
  }
  return {
    decode: (ids, skipSpecial) => decodeTokens(table, ids, skipSpecial, create()),
    createStream: (skipSpecial) => createTokenStream(table, skipSpecial, create()),
    tokenBytes: (id) => (hasBytes && readByte(table.tokens[id])) || addedBytes(table, id, create),
  }
}

/** Behind another token: at the beginning of a text some lose their space. */
function addedBytes(table: TokenTable, id: number, create: () => DecoderStage): Uint8Array {
  if (table.special[id]) return new Uint8Array()
  const [once, twice] = [[id], [id, id]].map((ids) => decodeTokens(table, ids, true, create()))
  return new TextEncoder().encode(twice.slice(once.length))
}
