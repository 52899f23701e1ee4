import { ScopeBusyError } from '../stores/errors.js'
import type { RunningTurn } from '../turns/running-turn.js'
import type { Turn } from '../turns/turn.js'
import type { Turns } from '../turns/turns.js'

/** Between the last word of a turn and the moment that its session is free, in all. */
const endingMs = 500
/** Between the moment that a client hangs up and the one in which that is noticed: it may have written again by then. */
const leavingMs = 50
const firstPauseMs = 5

/**
 * As `turns.begin`, but a turn of this session that has said its last word, or that nobody reads any more, is waited for: who
 * `forks` only for the former.
 */
export async function beginTurn(turns: Turns, turn: Turn, priority: number, forks = false): Promise<RunningTurn> {
  if (turn.session === null) return turns.begin(turn, priority)
  const { id } = turn.session
  for (let waited = 0, pause = firstPauseMs; ; pause *= 2) {
    try {
      if (turns.isOpen(id)) throw new ScopeBusyError(id)
      return await turns.begin(turn, priority)
    } catch (error) {
      const patienceMs = turns.isOpen(id) ? (forks ? 0 : leavingMs) : endingMs
      if (!(error instanceof ScopeBusyError) || waited >= patienceMs) throw error
      await new Promise((resolve) => setTimeout(resolve, pause))
      waited += pause
    }
  }
}
