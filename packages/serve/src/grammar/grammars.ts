/** The grammars of a server: made when a request first asks for one, and kept while they fit into a number of bytes. Nothing goes to disk. */
import { createHash } from 'node:crypto'
import { GrammarDeadEndError } from '../errors.js'
import { Grammar } from './grammar.js'
import { loadRegExpReader } from './pattern.js'
import { SchemaError } from './schema-error.js'
import { compileSchema } from './schema.js'
import type { Vocabulary } from './vocabulary.js'

export class Grammars {
  readonly #vocabulary: () => Vocabulary
  readonly #maxBytes: number
  /** By the hash of the schema, the one used last at the end. */
  readonly #kept = new Map<string, Grammar>()
  #sorted: Vocabulary | null = null

  /** The vocabulary is asked for once, when a grammar is. */
  constructor(vocabulary: () => Vocabulary, maxBytes = 64 * 1024 * 1024) {
    this.#vocabulary = vocabulary
    this.#maxBytes = maxBytes
  }

  /** Estimated. */
  get bytes(): number {
    return [...this.#kept.values()].reduce((sum, grammar) => sum + grammar.bytes, 0)
  }

  /** Throws SchemaError. */
  async get(schema: unknown): Promise<Grammar> {
    const key = createHash('sha256').update(JSON.stringify(schema)).digest('base64')
    const grammar = this.#kept.get(key) ?? (await this.#compile(schema))
    this.#kept.delete(key)
    this.#kept.set(key, grammar)
    for (const oldest of this.#kept.keys()) {
      if (this.bytes <= this.#maxBytes) break
      this.#kept.delete(oldest)
    }
    return grammar
  }

  async #compile(schema: unknown): Promise<Grammar> {
    const automaton = compileSchema(schema, await loadRegExpReader())
    this.#sorted ??= this.#vocabulary()
    try {
      return new Grammar(automaton, this.#sorted)
    } catch (error) {
      if (error instanceof GrammarDeadEndError) throw new SchemaError('', 'a text can be read in too many ways')
      throw error
    }
  }
}
