/** Takes a prompt into a session; a long one shows its progress and can be interrupted. */
import type { Session } from '@retnet/generate'
import type { Io } from '../io.js'
import { createProgress } from '../terminal/progress.js'
import { showCount } from '../terminal/units.js'

export async function appendTokens(io: Io, session: Session, tokens: Int32Array, signal: AbortSignal): Promise<void> {
  using progress = createProgress(io, 'reading the prompt', (count) => `${showCount(count)} tokens`)
  await session.append(tokens, { signal, onProgress: (taken, total) => progress.update(taken, total) })
}
