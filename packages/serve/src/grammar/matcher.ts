/**
 * Walks an automaton byte by byte. It holds all places where the text may be at once, and keeps what it has worked out: a step that was
 * made before is a look into a table.
 */
import { GrammarDeadEndError } from '../errors.js'
import type { Automaton } from './automaton.js'

/** A state, and the states to go on from when its rule, and the one around it, have ended. */
interface Frame {
  readonly id: number
  readonly state: number
  readonly below: Frame | null
  /** Frames that stand on this one, by their state. */
  above: Map<number, Frame> | null
}

/** Where a text may be. Places that can only go on without a byte are not in it. */
export interface Place {
  readonly frames: readonly Frame[]
  /** The text may end here. */
  readonly mayEnd: boolean
  /** By byte; null where the text cannot go on so. */
  readonly next: Map<number, Place | null>
}

const maxFrames = 2000
/** About 16 bytes each. */
const maxHeld = 500_000

export class Matcher {
  readonly start: Place
  readonly #automaton: Automaton
  readonly #places = new Map<string, Place>()
  #bottom: { above: Map<number, Frame> | null } = { above: null }
  #frames = 0
  #held = 0
  /** Grows with what is worked out. */
  work = 0

  constructor(automaton: Automaton) {
    this.#automaton = automaton
    this.start = this.#settle([this.#frame(automaton.start, null)]) as Place
  }

  /** Estimated. */
  get bytes(): number {
    return this.#automaton.states.length * 200 + this.#held * 16
  }

  /** Null if the text cannot go on with this byte. Throws GrammarDeadEndError where too many places would have to be held. */
  step(place: Place, byte: number): Place | null {
    const known = place.next.get(byte)
    if (known !== undefined) return known
    if (this.#held > maxHeld) this.#forget()
    const { states } = this.#automaton
    const reached: Frame[] = []
    for (const { state, below } of place.frames) {
      for (const { low, high, to } of states[state].bytes) {
        if (low <= byte && byte <= high) reached.push(this.#frame(to, below))
      }
    }
    this.work += place.frames.length
    const next = this.#settle(reached)
    place.next.set(byte, next)
    this.#held += 4
    return next
  }

  /** All places that can be reached from these without a byte. */
  #settle(reached: readonly Frame[]): Place | null {
    const seen = new Set(reached)
    const kept: Frame[] = []
    let mayEnd = false
    for (const frame of seen) {
      const { bytes, jumps, calls, isEnd } = this.#automaton.states[frame.state]
      if (bytes.length > 0) kept.push(frame)
      for (const to of jumps) seen.add(this.#frame(to, frame.below))
      for (const { rule, to } of calls) seen.add(this.#frame(rule, this.#frame(to, frame.below)))
      if (isEnd && frame.below) seen.add(frame.below)
      if (isEnd && !frame.below) mayEnd = true
      if (seen.size > maxFrames) throw new GrammarDeadEndError('there are too many ways to read the text')
    }
    this.work += seen.size
    return kept.length === 0 && !mayEnd ? null : this.#place(kept, mayEnd)
  }

  #place(frames: Frame[], mayEnd: boolean): Place {
    frames.sort((a, b) => a.id - b.id)
    const key = `${mayEnd} ${frames.map(({ id }) => id).join(' ')}`
    const known = this.#places.get(key)
    if (known) return known
    const place = { frames, mayEnd, next: new Map<number, Place | null>() }
    this.#places.set(key, place)
    this.#held += 16 + frames.length
    return place
  }

  #frame(state: number, below: Frame | null): Frame {
    const under = below ?? this.#bottom
    const known = under.above?.get(state)
    if (known) return known
    const frame = { id: this.#frames++, state, below, above: null }
    under.above ??= new Map()
    under.above.set(state, frame)
    this.#held += 8
    return frame
  }

  /** Texts that are being written keep their places; what was worked out is worked out again. */
  #forget(): void {
    for (const place of this.#places.values()) place.next.clear()
    this.#places.clear()
    this.#bottom = { above: null }
    this.#held = 0
  }
}
