/** Writes kernel calls as records into memory, and points them at another state when a run brings one. */
import type { Engine } from '../memory/engine.js'
import type { Schedule } from '../plan/schedule.js'
import type { KernelCall, Place, Word } from '../plan/record.js'

/** Words of a record before its arguments: see assembly/record.ts. */
const header = 4

export class Tape {
  readonly address: number
  readonly count: number
  readonly bytes: number
  /** Parts of all records together. */
  readonly parts: number
  readonly #engine: Engine
  readonly #arena: number
  /** [index of the word on the tape, offset in the state's block]. */
  readonly #stateWords: (readonly [number, number])[] = []
  #state = -1

  constructor(engine: Engine, calls: readonly KernelCall[], schedule: Schedule, arena: number, name: string) {
    this.#engine = engine
    this.#arena = arena
    this.count = calls.length
    this.bytes = calls.length * engine.recordBytes
    this.address = engine.allocate(this.bytes, `tape of program ${name}`)
    this.parts = schedule.total
    for (const [index, call] of calls.entries()) this.#write(index, call, schedule)
  }

  /** Where a place lies; the state's block starts at `state`. */
  addressOf({ buffer, offset }: Place, state = 0): number {
    const base = buffer.kind === 'arena' ? this.#arena : buffer.kind === 'state' ? state : 0
    return base + buffer.at + offset
  }

  useState(state: number): void {
    if (state === this.#state) return
    this.#state = state
    const words = this.#words()
    for (const [index, offset] of this.#stateWords) words[index] = state + offset
  }

  #words(): Int32Array {
    return this.#engine.integers(this.address, this.bytes / 4)
  }

  #write(index: number, call: KernelCall, { steps }: Schedule): void {
    const wordsPerRecord = this.#engine.recordBytes / 4
    if (call.words.length + header > wordsPerRecord) throw new RangeError(`${call.name}: more words than a record has`)
    const words = this.#words()
    const start = index * wordsPerRecord
    const { parts, first, required } = steps[index]
    words.set([call.opcode, parts, first, required], start)
    for (const [word, value] of call.words.entries()) this.#writeWord(words, start + header + word, value)
  }

  #writeWord(words: Int32Array, index: number, word: Word): void {
    if (typeof word === 'number') words[index] = word
    else if ('float' in word) this.#engine.floats(this.address, this.bytes / 4)[index] = word.float
    else {
      words[index] = this.addressOf(word)
      if (word.buffer.kind === 'state') this.#stateWords.push([index, word.buffer.at + word.offset])
    }
  }

  dispose(): void {
    this.#engine.free(this.address)
  }
}
