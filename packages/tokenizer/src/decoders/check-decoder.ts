/** Checks that a `tokenizer.json` asks for the one decoder there is, `ByteLevel`. */
import { UnsupportedTokenizerError } from '../errors.js'
import { readSteps } from '../reading/steps.js'

export function checkDecoder(value: unknown): void {
  const types = readSteps(value, 'decoder', 'decoders').map((step) => step.type)
  if (types.join() !== 'ByteLevel')
    throw new UnsupportedTokenizerError('decoder', 'ByteLevel', types.join(', ') || 'null')
}
