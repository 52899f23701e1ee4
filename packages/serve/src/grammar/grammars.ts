/** The grammars of a server: made when a request first asks for one, and kept while they fit into a number of bytes. Nothing goes to disk. */
import { createHash } from 'node:crypto'
import { GrammarDeadEndError } from '../errors.js'
import type { Automaton } from './automaton.js'
import { Grammar } from './grammar.js'
import { Matcher } from './matcher.js'
import { loadRegExpReader } from './pattern.js'
import { SchemaError } from './schema-error.js'
import { compileSchema } from './schema.js'
import type { Vocabulary } from './vocabulary.js'

const maxGood = 10_000

export class Grammars {
  readonly #vocabulary: () => Vocabulary
  readonly #maxBytes: number
  /** By the hash of the schema, the one used last at the end. */
  readonly #kept = new Map<string, Grammar>()
  readonly #good = new Set<string>()
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
    const key = hashOf(schema)
    const grammar = this.#kept.get(key) ?? (await this.#compile(schema))
    this.#kept.delete(key)
    this.#kept.set(key, grammar)
    for (const oldest of this.#kept.keys()) {
      if (this.bytes <= this.#maxBytes) break
      this.#kept.delete(oldest)
    }
    return grammar
  }

  /** Throws SchemaError where `get` does. It needs no vocabulary, and keeps nothing but the hashes of schemas that are good. */
  async check(schema: unknown): Promise<void> {
    const key = hashOf(schema)
    if (this.#good.has(key)) return
    startOf(compileSchema(schema, await loadRegExpReader()))
    if (this.#good.size >= maxGood) this.#good.clear()
    this.#good.add(key)
  }

  async #compile(schema: unknown): Promise<Grammar> {
    const automaton = compileSchema(schema, await loadRegExpReader())
    this.#sorted ??= this.#vocabulary()
    return new Grammar(startOf(automaton), this.#sorted)
  }
}

function hashOf(schema: unknown): string {
  return createHash('sha256').update(JSON.stringify(schema)).digest('base64')
}

function startOf(automaton: Automaton): Matcher {
  try {
    return new Matcher(automaton)
  } catch (error) {
    if (error instanceof GrammarDeadEndError) throw new SchemaError('', 'a text can be read in too many ways')
    throw error
  }
}
