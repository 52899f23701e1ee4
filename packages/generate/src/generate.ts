/** One text from one prompt, over a state that lives only as long as the stream. */
import { decode } from './decode/decode.js'
import type { GeneratePiece } from './decode/generate-result.js'
import { GenerateStream } from './decode/generate-stream.js'
import { Tally } from './decode/tally.js'
import type { LanguageModel } from './language-model.js'
import type { GenerateOptions, GenerateSettings } from './options/generate-options.js'
import { type Prompt, idsOf } from './options/prompt.js'
import { requireNames } from './options/require-names.js'
import { type SessionOptions, sessionOptionNames, validateSessionOptions } from './options/session-options.js'
import { validateGenerate } from './options/validate-generate.js'
import { optionNames } from './options/validate-options.js'
import { Cursor } from './session/cursor.js'

/**
 * Generates from a prompt. Options are checked at once; the work begins when the stream is iterated or its `result` is asked for, and the
 * state is freed when the stream ends. To go on after it, use a session.
 */
export function generate(
  model: LanguageModel,
  prompt: Prompt,
  options: GenerateOptions & SessionOptions = {},
): GenerateStream {
  requireNames(options, [...optionNames, ...sessionOptionNames])
  const { codec, bosToken, ...others } = options
  const session = validateSessionOptions({ codec, bosToken }, model.spec.vocabSize)
  const settings = validateGenerate(others, model.spec.vocabSize, codec)
  const ids = idsOf(prompt, codec)
  model.checkTokens(ids)
  const tally = new Tally(settings.seed, model.stateBytes)
  return new GenerateStream(run(model, ids, { ...session, settings, tally }), tally)
}

interface Run extends SessionOptions {
  readonly settings: GenerateSettings
  readonly tally: Tally
}

async function* run(
  model: LanguageModel,
  ids: ArrayLike<number>,
  options: Run,
): AsyncGenerator<GeneratePiece, void, undefined> {
  options.settings.signal?.throwIfAborted()
  const cursor = new Cursor(model, await model.createState())
  try {
    cursor.push(ids)
    yield* decode(cursor, options)
  } finally {
    cursor.dispose()
  }
}
