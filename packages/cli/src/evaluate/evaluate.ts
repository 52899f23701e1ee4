/** The mean loss of a model over a text, in nats per token, with sums in float64. */
import type { Model } from '@retnet/core'
import { letEventsHappen } from '../terminal/let-events-happen.js'
import { createPositionLosses } from './positions.js'
import { countWindows, windowsOf, type WindowOptions } from './windows.js'

export interface EvaluateOptions extends WindowOptions {
  readonly signal: AbortSignal
  readonly onProgress: (windows: number, total: number) => void
}

export interface Evaluation {
  /** Tokens whose loss is counted. */
  readonly tokens: number
  readonly windows: number
  /** Mean over these tokens. */
  readonly loss: number
  /** Bytes of text that the windows hold, with those of first tokens, which are not counted unless the state is carried. */
  readonly bytes: number
  readonly byPosition: Readonly<Record<string, number>>
  /** Tokens that the model has taken in per second. */
  readonly tokensPerSecond: number
}

/** `bytes[i]`: bytes of text that token i stands for, 0 for a token that is no part of the text. At least two tokens are needed. */
export async function evaluate(
  model: Model,
  tokens: ArrayLike<number>,
  bytes: ArrayLike<number>,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { size, stateful, signal, onProgress } = options
  const windows = countWindows(tokens.length, options)
  const program = await model.program('loss', { rows: 1, length: size })
  using state = program.createState()
  const byPosition = createPositionLosses(stateful ? size : size - 1)
  const total = { nats: 0, tokens: 0, bytes: 0 }
  const started = performance.now()
  let done = 0
  for (const { start, ...inputs } of windowsOf(tokens, options)) {
    if (!stateful) state.reset()
    const { losses } = await program.run(inputs, state, { signal })
    for (let t = 0; t < size; t++) {
      total.bytes += inputs.mask[t] === 1 ? bytes[start + t] : 0
      if (inputs.targets[t] < 0) continue
      total.nats += losses[t]
      total.tokens++
      byPosition.add(t, losses[t])
    }
    onProgress(++done, windows)
    await letEventsHappen(signal)
  }
  const seconds = (performance.now() - started) / 1000
  const seen = Math.min(tokens.length, windows * size)
  return {
    tokens: total.tokens,
    windows,
    loss: total.nats / total.tokens,
    bytes: total.bytes,
    byPosition: byPosition.means(),
    tokensPerSecond: seen / seconds,
  }
}
