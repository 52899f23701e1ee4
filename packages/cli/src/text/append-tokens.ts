/** Takes a prompt into a session in slices, so that a long one shows its progress and can be interrupted. */
import type { Session } from '@retnet/generate'
import type { Io } from '../io.js'
import { letEventsHappen } from '../terminal/let-events-happen.js'
import { createProgress } from '../terminal/progress.js'
import { showCount } from '../terminal/units.js'

/** A multiple of the longest program of `Model.consume`. */
const sliceTokens = 1024

export async function appendTokens(io: Io, session: Session, tokens: Int32Array, signal: AbortSignal): Promise<void> {
  using progress = createProgress(io, 'reading the prompt', (count) => `${showCount(count)} tokens`)
  for (let at = 0; at < tokens.length; at += sliceTokens) {
    await session.append(tokens.subarray(at, at + sliceTokens), { signal })
    await letEventsHappen(signal)
    progress.update(Math.min(at + sliceTokens, tokens.length), tokens.length)
  }
}
