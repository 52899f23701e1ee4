/**
 * A recursive automaton over bytes, built from parts. A state goes on by a byte, by nothing, or by a rule: a part with a name, which may
 * hold itself. It is data; `Matcher` walks it.
 */
import { SchemaError } from './schema-error.js'

export interface AutomatonState {
  readonly bytes: readonly { readonly low: number; readonly high: number; readonly to: number }[]
  readonly jumps: readonly number[]
  /** Through the rule that begins at `rule`, then on from `to`. */
  readonly calls: readonly { readonly rule: number; readonly to: number }[]
  /** The end of the rule that the state belongs to. */
  readonly isEnd: boolean
}

export interface Automaton {
  readonly states: readonly AutomatonState[]
  readonly start: number
}

/** Draws what it accepts from state `from` on, and returns the state behind it. */
export type Part = (builder: AutomatonBuilder, from: number) => number

type Mutable = {
  -readonly [Key in keyof AutomatonState]: AutomatonState[Key] extends readonly (infer Item)[] ? Item[] : boolean
}

const maxWork = 30_000

export class AutomatonBuilder {
  readonly states: Mutable[] = []
  readonly #rules = new Map<unknown, number>()
  readonly #waiting: (() => void)[] = []
  #work = 0

  /** Throws SchemaError once more has been built than a server should build for one request. */
  spend(): void {
    if (++this.#work > maxWork) throw new SchemaError('', 'it is too large for one grammar')
  }

  state(): number {
    this.spend()
    return this.states.push({ bytes: [], jumps: [], calls: [], isEnd: false }) - 1
  }

  byte(from: number, low: number, high: number, to = this.state()): number {
    this.states[from].bytes.push({ low, high, to })
    return to
  }

  jump(from: number, to: number): void {
    this.spend()
    this.states[from].jumps.push(to)
  }

  /** The part that `make` gives, built once for each key, and later: rules may hold themselves, and may be deep. */
  call(from: number, key: unknown, make: () => Part): number {
    const rule = this.#rules.get(key) ?? this.#declare(key, make)
    const to = this.state()
    this.states[from].calls.push({ rule, to })
    return to
  }

  finish(root: Part): Automaton {
    const start = this.state()
    this.states[root(this, start)].isEnd = true
    for (let build = this.#waiting.pop(); build; build = this.#waiting.pop()) build()
    return { states: this.states, start }
  }

  #declare(key: unknown, make: () => Part): number {
    const rule = this.state()
    this.#rules.set(key, rule)
    this.#waiting.push(() => {
      this.states[make()(this, rule)].isEnd = true
    })
    return rule
  }
}
