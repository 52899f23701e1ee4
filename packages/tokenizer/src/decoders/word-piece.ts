/** The decoder `WordPiece`: tokens with the prefix belong to the word before them. */
import { asBoolean, asText } from '../reading/fields.js'
import { readSettings, type Step } from '../reading/steps.js'
import { cleanUp } from './clean-up.js'
import { eachToken, type Decoder } from './decoder.js'

export function readWordPieceDecoder(step: Step): Decoder {
  const { prefix, cleanup } = readSettings(step, { prefix: asText, cleanup: asBoolean })
  return eachToken((token, isFirst) => {
    const text = isFirst ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`
    return cleanup ? cleanUp(text) : text
  })
}
