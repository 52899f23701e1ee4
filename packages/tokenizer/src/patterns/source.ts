/** The text of a pattern while it is read, and the errors that name it. */
import { TokenizerFormatError, UnsupportedTokenizerError } from '../errors.js'
import { characterSet, type CharacterTest } from '../pre-tokenizers/character-set.js'
import { describe } from '../reading/describe.js'

// What one look takes at most, so that reading is linear.
const LONGEST_MATCH = 64

export class Source {
  at = 0
  readonly #characters: readonly string[]
  readonly #sets = new Map<string, CharacterTest>()

  constructor(
    pattern: string,
    /** Where in the file. */
    readonly path: string,
  ) {
    this.#characters = Array.from(pattern)
  }

  get isAtEnd(): boolean {
    return this.at === this.#characters.length
  }

  /** Whether `text` comes next. */
  sees(text: string): boolean {
    return Array.from(text).every((character, i) => this.#characters[this.at + i] === character)
  }

  /** Takes `text` if it comes next. */
  take(text: string): boolean {
    if (!this.sees(text)) return false
    this.at += Array.from(text).length
    return true
  }

  /** The next character, or nothing at the end. */
  peek(): string {
    return this.#characters[this.at] ?? ''
  }

  /** What has been read since `from`, or `count` characters from there. */
  textFrom(from: number, count = this.at - from): string {
    return this.#characters.slice(from, from + count).join('')
  }

  /** The next character, which must be there. */
  next(): string {
    if (this.isAtEnd) throw this.broken('that it goes on')
    return this.#characters[this.at++]
  }

  /** All up to `end`, which is taken too. */
  until(end: string): string {
    let text = ''
    while (!this.take(end)) text += this.next()
    return text
  }

  /** Takes the beginning of the rest that `pattern`, which begins with ^, matches. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    const found = pattern.exec(this.textFrom(this.at, LONGEST_MATCH))
    if (!found) return undefined
    this.at += Array.from(found[0]).length
    return found
  }

  /** The set of a class, the same for the same. */
  set(text: string, ignoreCase: boolean): CharacterTest {
    const key = `${Number(ignoreCase)}${text}`
    const known = this.#sets.get(key)
    if (known) return known
    const made = characterSet(new RegExp(`^${text}$`, ignoreCase ? 'vi' : 'v'))
    this.#sets.set(key, made)
    return made
  }

  broken(expected: string): TokenizerFormatError {
    return new TokenizerFormatError(
      this.path,
      `${expected} at character ${this.at}`,
      describe(this.#characters.join('')),
    )
  }

  unsupported(what: string): UnsupportedTokenizerError {
    const supported = 'what needs no memory of earlier groups: see the README of @retnet/tokenizer'
    return new UnsupportedTokenizerError(this.path, supported, `${what} in ${describe(this.#characters.join(''))}`)
  }
}
