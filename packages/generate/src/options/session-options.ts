import { GenerateArgumentError } from '../errors.js'
import type { TextCodec } from '../language-model.js'
import { requireNames } from './require-names.js'
import { requireId } from './validate-options.js'

export interface SessionOptions {
  /** Turns text into ids and back. Without one, prompts are ids and pieces have no text. */
  readonly codec?: TextCodec
  /** The token that begins a text if nothing else does: it is used only to generate from an empty text. */
  readonly bosToken?: number
}

export const sessionOptionNames = ['codec', 'bosToken']

/** A copy of the options, or a GenerateArgumentError. */
export function validateSessionOptions(options: SessionOptions, vocabSize: number): SessionOptions {
  requireNames(options, sessionOptionNames)
  const { codec, bosToken } = options
  if (codec !== undefined && !isCodec(codec)) {
    const expected = 'an object with encode and createDecodeStream'
    throw new GenerateArgumentError({ argument: 'codec', expected, actual: codec })
  }
  if (bosToken !== undefined) requireId('bosToken', bosToken, vocabSize)
  return { codec, bosToken }
}

function isCodec(value: unknown): boolean {
  const codec = value as Partial<TextCodec> | null
  return typeof codec?.encode === 'function' && typeof codec.createDecodeStream === 'function'
}
