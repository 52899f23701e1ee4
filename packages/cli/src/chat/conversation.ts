/** What a chat holds: sessions under names, one of them current, each with the places before its latest turns. */
import { writeAtomically } from '@retnet/formats'
import { readFile } from 'node:fs/promises'
import type { Model } from '@retnet/core'
import { createSession, restoreSession, type Session, type SessionOptions } from '@retnet/generate'
import { CommandError } from '../errors.js'

export interface Branch {
  readonly session: Session
  /** Turns so far; the mark `turn N` is the place before turn N, counted from 0. */
  turns: number
  /** The last token of each answer, -1 where none is known. */
  readonly lastTokens: number[]
}

/** Each mark is one copy of the state. */
const marksKept = 50

export class Conversation {
  readonly #model: Model
  readonly #options: SessionOptions
  readonly #branches = new Map<string, Branch>()
  #name = 'main'

  private constructor(model: Model, options: SessionOptions) {
    this.#model = model
    this.#options = options
  }

  static async create(model: Model, options: SessionOptions): Promise<Conversation> {
    const conversation = new Conversation(model, options)
    conversation.#branches.set('main', {
      session: await createSession(model, options),
      turns: 0,
      lastTokens: [],
    })
    return conversation
  }

  get name(): string {
    return this.#name
  }

  get names(): string[] {
    return [...this.#branches.keys()]
  }

  get current(): Branch {
    return this.#branches.get(this.#name)!
  }

  /** Remembers the place before a turn. */
  beginTurn(): void {
    const { current } = this
    current.session.mark(mark(current.turns))
    if (current.turns >= marksKept) current.session.unmark(mark(current.turns - marksKept))
    current.turns++
    current.lastTokens.push(-1)
  }

  /** The last token of the text, -1 if it is not known. */
  get lastToken(): number {
    return this.current.lastTokens.at(-1) ?? -1
  }

  /** Notes a token of the answer. */
  took(token: number): void {
    const { lastTokens } = this.current
    lastTokens[lastTokens.length - 1] = token
  }

  /** A copy of the current branch, which becomes the current one. */
  fork(name: string): void {
    if (this.#branches.has(name)) {
      throw new CommandError(`/fork: there is a branch ${name} already.`, `Choose another name, or /switch ${name}.`)
    }
    const { session, lastTokens } = this.current
    this.#branches.set(name, { session: session.fork(), turns: 0, lastTokens: [...lastTokens] })
    this.#name = name
  }

  switchTo(name: string): void {
    if (!this.#branches.has(name)) {
      throw new CommandError(`/switch: there is no branch ${name}.`, `There are ${this.names.join(', ')}.`)
    }
    this.#name = name
  }

  /** Back to before the last `count` turns. */
  rewind(count: number): void {
    const { current } = this
    const target = current.turns - count
    const earliest = current.turns - Math.min(current.turns, marksKept)
    if (count < 1 || target < earliest) {
      const expected =
        current.turns === 0 ? 'there are no turns yet' : `expected 1 to ${current.turns - earliest} turns`
      throw new CommandError(`/rewind: ${expected}, got ${count}.`)
    }
    current.session.rewind(mark(target))
    for (let turn = target; turn < current.turns; turn++) current.session.unmark(mark(turn))
    current.turns = target
    current.lastTokens.length -= count
  }

  async save(path: string): Promise<void> {
    await writeAtomically(path, async (write) => write(await this.current.session.snapshot()))
  }

  /** Replaces the current branch. When the file is no good, nothing changes. */
  async load(path: string): Promise<void> {
    const session = await restoreSession(this.#model, new Uint8Array(await readFile(path)), this.#options)
    this.current.session.dispose()
    this.#branches.set(this.#name, { session, turns: 0, lastTokens: [] })
  }

  dispose(): void {
    for (const { session } of this.#branches.values()) session.dispose()
    this.#branches.clear()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

function mark(turn: number): string {
  return `turn ${turn}`
}
