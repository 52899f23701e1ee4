import { ScopeBusyError } from '../stores/errors.js'
import type { RunningTurn } from '../turns/running-turn.js'
import type { Turn } from '../turns/turn.js'
import type { Turns } from '../turns/turns.js'

/** Between the last word of a turn and the moment that its session is free, in all. */
const patienceMs = 500
const firstPauseMs = 5

/** As `turns.begin`, but a turn of this session that has said its last word is waited for. */
export async function beginTurn(turns: Turns, turn: Turn, priority: number): Promise<RunningTurn> {
  if (turn.session === null) return turns.begin(turn, priority)
  for (let waited = 0, pause = firstPauseMs; ; pause *= 2) {
    if (turns.isOpen(turn.session.id)) throw new ScopeBusyError(turn.session.id)
    try {
      return await turns.begin(turn, priority)
    } catch (error) {
      if (!(error instanceof ScopeBusyError) || waited >= patienceMs || turns.isOpen(turn.session.id)) throw error
      await new Promise((resolve) => setTimeout(resolve, pause))
      waited += pause
    }
  }
}
