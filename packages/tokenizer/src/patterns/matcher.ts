/**
 * Matches a program against a text by backtracking that never does the same twice: where a fork has failed at a place, it is not tried
 * there again, from wherever it is reached. So the time is at most forks times characters, for a whole text and any pattern. The match
 * is the one a backtracking matcher finds.
 */
import { TokenizerArgumentError } from '../errors.js'
import { before } from './places.js'
import type { Look, Program, Step } from './program.js'

export class Matcher {
  readonly #program: Program
  readonly #text: string
  readonly #start: number
  readonly #end: number
  /** A bit for every mark and place: set where it has been tried. */
  readonly #tried: Uint32Array
  /** Where programs inside this one end, by the place where they begin and by their own marks. */
  readonly #ends = new Map<number, number>()
  readonly #inner = new Map<Program, Matcher>()
  /** Forks not taken yet: step, place, and how many of `#path` came before. */
  readonly #forks: number[] = []
  /** Bits of the way that is being tried. */
  readonly #path: number[] = []

  constructor(program: Program, text: string, start: number, end: number) {
    this.#program = program
    this.#text = text
    this.#start = start
    this.#end = end
    const bits = program.marks * (end - start + 1)
    if (bits >= 2 ** 32) {
      const most = Math.floor(2 ** 32 / program.marks)
      throw new TokenizerArgumentError(
        'text',
        `less than ${most} characters at once for this pattern`,
        `${end - start}`,
      )
    }
    this.#tried = new Uint32Array(bits / 32 + 1)
  }

  /** End of the match that begins at `from`, -1 for none. */
  match(from: number): number {
    const end = this.#run(from)
    // What lies on the way of a match has not failed.
    for (const bit of this.#path) this.#tried[bit >>> 5] &= ~(1 << (bit & 31))
    this.#path.length = 0
    this.#forks.length = 0
    return end
  }

  /** `match` for a program inside another, asked for the same places again and again. */
  matchAgain(from: number): number {
    // Without forks it is short, and does not pay to be known.
    if (this.#program.marks === 0) return this.#run(from)
    const known = this.#ends.get(-1 - from)
    if (known !== undefined) return known
    const end = this.#run(from)
    if (end >= 0) for (const bit of this.#path) this.#ends.set(bit, end)
    this.#path.length = 0
    this.#forks.length = 0
    this.#ends.set(-1 - from, end)
    return end
  }

  #run(from: number): number {
    const { steps } = this.#program
    const text = this.#text
    const end = this.#end
    const forks = this.#forks
    let pc = 0
    let at = from
    for (;;) {
      const step = steps[pc]
      let holds = true
      switch (step.op) {
        case 'set':
          holds = at < end && step.test(text, at)
          if (holds) at += text.codePointAt(at)! > 0xffff ? 2 : 1
          pc++
          break
        case 'fork': {
          const state = this.#enter(step.mark, at)
          if (state >= 0) return state
          holds = state === FRESH
          if (!holds) break
          forks.push(step.second, at, this.#path.length)
          pc = step.first
          break
        }
        case 'run': {
          const state = this.#enter(step.mark, at)
          if (state >= 0) return state
          holds = state === FRESH
          if (holds && at < end && step.test(text, at)) at += text.codePointAt(at)! > 0xffff ? 2 : 1
          else pc++
          break
        }
        case 'jump':
          pc = step.to
          break
        case 'end':
          return at
        default: {
          const next = this.#special(step, at)
          holds = next >= 0
          at = next
          pc++
        }
      }
      if (holds) continue
      if (forks.length === 0) return -1
      // What was tried since stays marked: it has failed.
      this.#path.length = forks.pop()!
      at = forks.pop()!
      pc = forks.pop()!
    }
  }

  /** Marks a place. `FRESH` if it was not marked, `FAILED` if it was, or the end of the match that is known from there. */
  #enter(mark: number, at: number): number {
    const bit = mark * (this.#end - this.#start + 1) + at - this.#start
    const tried = this.#tried
    if ((tried[bit >>> 5] & (1 << (bit & 31))) !== 0) return this.#ends.get(bit) ?? FAILED
    tried[bit >>> 5] |= 1 << (bit & 31)
    this.#path.push(bit)
    return FRESH
  }

  /** Where a step goes on that looks around or inside, -1 if it fails. */
  #special(step: Step, at: number): number {
    if (step.op === 'place') return step.holds(this.#text, at, this.#start, this.#end) ? at : -1
    if (step.op === 'atomic') return this.#matcherOf(step.program).matchAgain(at)
    if (step.op !== 'look') return -1
    return step.looks.some((look) => this.#looks(look, at)) === step.wanted ? at : -1
  }

  #looks({ program, back, behind }: Look, at: number): boolean {
    let from = at
    for (let i = 0; i < back; i++) {
      if (from <= this.#start) return false
      from = before(this.#text, from)
    }
    const found = this.#matcherOf(program).matchAgain(from)
    return behind ? found === at : found >= 0
  }

  #matcherOf(program: Program): Matcher {
    const known = this.#inner.get(program)
    if (known) return known
    const made = new Matcher(program, this.#text, this.#start, this.#end)
    this.#inner.set(program, made)
    return made
  }
}

const FRESH = -1
const FAILED = -2
