import { GenerateArgumentError } from '../errors.js'
import type { TextCodec } from '../language-model.js'
import type { GenerateOptions, GenerateSettings } from './generate-options.js'
import { validateOptions } from './validate-options.js'

/** `validateOptions`, and what depends on whether there is text at all. */
export function validateGenerate(
  options: GenerateOptions,
  vocabSize: number,
  codec: TextCodec | undefined,
): GenerateSettings {
  const settings = validateOptions(options, vocabSize)
  if (codec || settings.stop.length === 0) return settings
  throw new GenerateArgumentError({
    argument: 'stop',
    expected: 'no stop strings, since there is no codec',
    actual: settings.stop[0],
    fix: 'Pass a tokenizer as `codec`, or use stopIds.',
  })
}
