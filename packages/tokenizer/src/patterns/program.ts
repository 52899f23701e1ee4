/** Compiles the tree of a pattern to a list of steps for the matcher. */
import type { CharacterTest } from '../pre-tokenizers/character-set.js'
import { widthOf, type PlaceTest, type Repeat, type Tree } from './tree.js'

export type Step =
  | { readonly op: 'set'; readonly test: CharacterTest }
  /** All characters of the set, none given back. */
  | { readonly op: 'run'; readonly test: CharacterTest; readonly mark: number }
  /** Goes on at `first`, and if that fails at `second`. */
  | { readonly op: 'fork'; readonly first: number; readonly second: number; readonly mark: number }
  | { readonly op: 'jump'; readonly to: number }
  | { readonly op: 'place'; readonly holds: PlaceTest }
  | { readonly op: 'atomic'; readonly program: Program }
  /** `widths` are those of what is looked for behind, in characters; undefined: ahead. */
  | { readonly op: 'look'; readonly looks: readonly Look[]; readonly wanted: boolean }
  | { readonly op: 'end' }

export interface Look {
  readonly program: Program
  /** How many characters it begins before the place; 0 for a look ahead. */
  readonly back: number
  readonly behind: boolean
}

export interface Program {
  readonly steps: readonly Step[]
  /** How many steps have marks, which say where they have failed. */
  readonly marks: number
}

/** Says why a tree cannot be compiled. */
export type Refuse = (what: string) => Error

const MOST_STEPS = 1 << 11

export function compileTree(tree: Tree, refuse: Refuse): Program {
  return new Compiler(refuse, { steps: MOST_STEPS }).compile(tree)
}

/** How many steps there may still be, in programs inside this one too. */
interface Budget {
  steps: number
}

class Compiler {
  readonly #steps: Step[] = []
  readonly #refuse: Refuse
  readonly #budget: Budget
  #marks = 0

  constructor(refuse: Refuse, budget: Budget) {
    this.#refuse = refuse
    this.#budget = budget
  }

  compile(tree: Tree): Program {
    this.#emit(tree, true)
    this.#put({ op: 'end' })
    return { steps: this.#steps, marks: this.#marks }
  }

  /** `isLast` says that nothing follows which could fail, so that the longest run is the match. */
  #emit(node: Tree, isLast: boolean): void {
    if (node.kind === 'set') this.#put({ op: 'set', test: node.test })
    else if (node.kind === 'place') this.#put({ op: 'place', holds: node.holds })
    else if (node.kind === 'atomic') this.#putAtomic(node.item)
    else if (node.kind === 'choice') this.#emitChoice(node.options, isLast)
    else if (node.kind === 'repeat') this.#emitRepeat(node, isLast)
    else if (node.kind === 'look') this.#put({ op: 'look', looks: this.#looksOf(node), wanted: node.wanted })
    else node.items.forEach((item, i) => this.#emit(item, isLast && i === node.items.length - 1))
  }

  #emitChoice([option, ...others]: readonly Tree[], isLast: boolean): void {
    if (others.length === 0) return this.#emit(option, isLast)
    const fork = this.#keepPlace()
    this.#emit(option, isLast)
    const leave = this.#keepPlace()
    this.#fork(fork, false)
    this.#emitChoice(others, isLast)
    this.#steps[leave] = { op: 'jump', to: this.#steps.length }
  }

  #emitRepeat({ item, least, most, mode }: Repeat, isLast: boolean): void {
    const isSet = item.kind === 'set'
    if (mode === 'possessive' && !(isSet && most === Infinity)) {
      return this.#putAtomic({ kind: 'repeat', item, least, most, mode: 'greedy' })
    }
    for (let i = 0; i < least; i++) this.#emit(item, false)
    const takesAll = mode === 'possessive' || (mode === 'greedy' && isLast)
    if (most < Infinity) this.#emitOptional(item, most - least, mode === 'lazy')
    else if (isSet && takesAll) this.#put({ op: 'run', test: item.test, mark: this.#marks++ })
    else {
      const fork = this.#keepPlace()
      this.#emit(item, false)
      this.#put({ op: 'jump', to: fork })
      this.#fork(fork, mode === 'lazy')
    }
  }

  #emitOptional(item: Tree, count: number, lazy: boolean): void {
    const forks = Array.from({ length: count }, () => {
      const fork = this.#keepPlace()
      this.#emit(item, false)
      return fork
    })
    for (const fork of forks) this.#fork(fork, lazy)
  }

  #putAtomic(item: Tree): void {
    this.#put({ op: 'atomic', program: this.#inner(item) })
  }

  #put(step: Step): number {
    if (this.#budget.steps-- === 0) throw this.#refuse(`more than ${MOST_STEPS} steps`)
    return this.#steps.push(step) - 1
  }

  /** A place for a step that is not known yet. */
  #keepPlace(): number {
    return this.#put({ op: 'end' })
  }

  /** At `at`, a choice between what comes behind it and what comes now. */
  #fork(at: number, lazy: boolean): void {
    const [first, second] = lazy ? [this.#steps.length, at + 1] : [at + 1, this.#steps.length]
    this.#steps[at] = { op: 'fork', first, second, mark: this.#marks++ }
  }

  #inner(tree: Tree): Program {
    return new Compiler(this.#refuse, this.#budget).compile(tree)
  }

  #looksOf({ item, behind }: Tree & { kind: 'look' }): Look[] {
    const options = behind && item.kind === 'choice' ? item.options : [item]
    return options.map((option) => {
      const back = behind ? widthOf(option) : 0
      if (back === undefined) throw this.#refuse('a look behind of no fixed length')
      return { program: this.#inner(option), back, behind }
    })
  }
}
