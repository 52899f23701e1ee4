/** The decoder `ByteLevel` alone, which has a table of bytes. */
import { UnsupportedTokenizerError } from '../errors.js'
import { readSteps } from '../reading/steps.js'
import { decodeIds } from './decode-ids.js'
import { createDecodeStream } from './decode-stream.js'
import type { IdDecoder, TokenTable } from './id-decoder.js'
import { createTokenBytes } from './token-bytes.js'

export function byteDecoder(table: TokenTable): IdDecoder {
  const bytes = createTokenBytes(table)
  return {
    decode: (ids, skipSpecial) => decodeIds(bytes, ids, skipSpecial),
    createStream: (skipSpecial) => createDecodeStream(bytes, skipSpecial),
    tokenBytes: (id) => bytes.bytes.slice(bytes.offsets[id], bytes.offsets[table.special[id] ? id : id + 1]),
  }
}

/** Refuses every other decoder. */
export function readByteDecoder(value: unknown, table: TokenTable): IdDecoder {
  const types = readSteps(value, 'decoder', 'decoders').map(({ type }) => type)
  if (types.join() !== 'ByteLevel')
    throw new UnsupportedTokenizerError('decoder', 'ByteLevel', types.join(', ') || 'null')
  return byteDecoder(table)
}
