/** The words as symbols: what merging works on. Special tokens, then the alphabet by code point, get their ids here. */
import { characterOfByte } from '../models/bpe/byte-alphabet.js'
import type { CheckedOptions } from './options.js'
import { GrowingVocabulary } from './vocabulary.js'

export interface Corpus {
  readonly vocabulary: GrowingVocabulary
  /** Ids of all words, one word after another: word w is `symbols[starts[w] .. starts[w + 1]]` until it is merged in place. */
  readonly symbols: Int32Array
  readonly starts: Int32Array
  /** How often each word occurs. */
  readonly counts: readonly number[]
}

/** `words` and `counts` belong together; see `WordCounts`. */
export function createCorpus(words: Iterable<string>, counts: readonly number[], options: CheckedOptions): Corpus {
  const written = Array.from(words, options.byteLevel ? inByteAlphabet : (word) => word)
  const vocabulary = new GrowingVocabulary()
  for (const token of options.specialTokens) vocabulary.add(token)
  for (const character of alphabetOf(written, counts, options)) vocabulary.add(character)
  const symbols = new Int32Array(written.reduce((total, word) => total + word.length, 0))
  const starts = new Int32Array(written.length + 1)
  let end = 0
  written.forEach((word, index) => {
    for (const token of symbolsOf(word, vocabulary, options)) symbols[end++] = vocabulary.add(token)
    starts[index + 1] = end
  })
  return { vocabulary, symbols: symbols.subarray(0, end), starts, counts }
}

const utf8 = new TextEncoder()

function inByteAlphabet(word: string): string {
  let written = ''
  for (const byte of utf8.encode(word)) written += characterOfByte[byte]
  return written
}

// of characters that are equally rare the later code points go: the reference leaves it to chance
function alphabetOf(words: readonly string[], counts: readonly number[], options: CheckedOptions): string[] {
  const occurrences = new Map<string, number>()
  words.forEach((word, index) => {
    for (const character of word) occurrences.set(character, (occurrences.get(character) ?? 0) + counts[index])
  })
  for (const character of options.initialAlphabet ?? (options.byteLevel ? characterOfByte : [])) {
    occurrences.set(character, Number.POSITIVE_INFINITY)
  }
  const characters = [...occurrences.keys()].sort(byCodePoint)
  if (characters.length <= options.limitAlphabet) return characters
  // the sort is stable
  characters.sort((a, b) => (occurrences.get(a) === occurrences.get(b) ? 0 : occurrences.get(b)! - occurrences.get(a)!))
  return characters.slice(0, options.limitAlphabet).sort(byCodePoint)
}

function byCodePoint(a: string, b: string): number {
  return a.codePointAt(0)! - b.codePointAt(0)!
}

/** The characters of a word that are in the vocabulary, each with the mark of its place. */
function symbolsOf(word: string, vocabulary: GrowingVocabulary, options: CheckedOptions): string[] {
  const { continuingSubwordPrefix: prefix, endOfWordSuffix: suffix } = options
  const characters = Array.from(word)
  if (prefix === '' && suffix === '') return characters.filter((character) => vocabulary.idOf(character) !== undefined)
  return characters.flatMap((character, index) => {
    if (vocabulary.idOf(character) === undefined) return []
    return [(index > 0 ? prefix : '') + character + (index === characters.length - 1 ? suffix : '')]
  })
}
