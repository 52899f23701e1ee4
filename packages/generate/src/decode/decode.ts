/** The decode loop: predict, choose, add, tell. One piece for each token; all bookkeeping is done before a piece is given out. */
import type { TextCodec } from '../language-model.js'
import type { GenerateSettings } from '../options/generate-options.js'
import type { Cursor } from '../session/cursor.js'
import type { StopMatch } from '../text/stop-matcher.js'
import { createTextAssembler } from '../text/text-assembler.js'
import { createChooser } from './choose.js'
import type { GeneratePiece } from './generate-result.js'
import type { Tally } from './tally.js'

export interface DecodeOptions {
  readonly settings: GenerateSettings
  readonly codec?: TextCodec
  readonly bosToken?: number
  readonly tally: Tally
}

export async function* decode(cursor: Cursor, options: DecodeOptions): AsyncGenerator<GeneratePiece, void, undefined> {
  const { settings, tally } = options
  settings.signal?.throwIfAborted()
  cursor.requireToken(options.bosToken)
  tally.promptTokens = cursor.length
  if (settings.maxTokens === 0) {
    await cursor.takeIn('generate', settings)
    tally.finishReason = 'length'
    return
  }
  const choose = createChooser(cursor, settings)
  const textOf = createTextOf(options)
  while (tally.finishReason === 'aborted') {
    settings.signal?.throwIfAborted()
    const begin = performance.now()
    const left = settings.maxTokens - tally.ids.length
    const { id, probabilities } = await choose(left)
    const { text, stopped } = textOf(id, left === 1)
    tally.add(id, text, performance.now() - begin)
    if (stopped) tally.finishReason = 'stop'
    else if (left === 1) tally.finishReason = 'length'
    yield { id, text, ...probabilities }
  }
}

/** Text of a token, and whether it ends the generation. After the last token nothing is held back. */
function createTextOf({ settings, codec }: DecodeOptions): (id: number, last: boolean) => StopMatch {
  const assembler = codec && createTextAssembler(codec, settings.stop)
  return (id, last) => {
    const isStop = settings.stopIds.has(id)
    if (!assembler) return { text: '', stopped: isStop }
    if (isStop) return { text: assembler.flush().text, stopped: true }
    const found = assembler.push(id)
    if (found.stopped || !last) return found
    const rest = assembler.flush()
    return { text: found.text + rest.text, stopped: rest.stopped }
  }
}
