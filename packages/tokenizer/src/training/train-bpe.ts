/** Training of a BPE tokenizer from texts: words are counted as the texts come in, then merges are learned from the counts. */
import { TokenizerArgumentError } from '../errors.js'
import { byteLevel } from '../pre-tokenizers/byte-level.js'
import type { PreTokenizer } from '../pre-tokenizers/pre-tokenizer.js'
import { splitCl100k } from '../pre-tokenizers/split-cl100k.js'
import { describe } from '../reading/describe.js'
import { createCorpus } from './corpus.js'
import { learnMerges } from './learn-merges.js'
import { type BpeTrainingOptions, checkOptions, type CheckedOptions } from './options.js'
import { createCounter, createPause } from './pause.js'
import { splitWords } from './split-words.js'
import { WordCounts } from './word-counts.js'
import { writeTokenizerJson } from './write-tokenizer-json.js'

/** Texts, or lists of them. A text is taken whole: no token crosses its ends. `linesOf` makes them from a file. */
export type TrainingTexts = AsyncIterable<string | readonly string[]> | Iterable<string | readonly string[]>

export interface TrainedBpe {
  /** The text of a `tokenizer.json`; `Tokenizer.fromJson` and Hugging Face's libraries read it. */
  readonly json: string
  /** Tokens by id. */
  readonly tokens: readonly string[]
  readonly merges: readonly (readonly [left: string, right: string])[]
  /** Different words of the texts. */
  readonly words: number
}

/**
 * Learns the vocabulary and merges that Hugging Face's `BpeTrainer` learns from the same texts and options: the most frequent pair first,
 * of equals the one with the smaller ids, the alphabet by code point. Throws `TokenizerArgumentError` for options that make no sense,
 * and the reason of `signal` when that is aborted.
 */
export async function trainBpe(texts: TrainingTexts, options: BpeTrainingOptions = {}): Promise<TrainedBpe> {
  const checked = checkOptions(options)
  const words = await countWords(texts, checked)
  const corpus = createCorpus(words.words, words.counts, checked)
  const { vocabSize: total, signal, onProgress } = checked
  const pause = createPause(signal, (done) => onProgress?.({ phase: 'merge', done, total }))
  const merges = await learnMerges(corpus, checked, pause)
  const { tokens } = corpus.vocabulary
  onProgress?.({ phase: 'merge', done: tokens.length, total: tokens.length })
  return {
    json: writeTokenizerJson(tokens, merges, checked),
    tokens,
    merges: merges.map(([left, right]) => [tokens[left], tokens[right]]),
    words: words.counts.length,
  }
}

async function countWords(texts: TrainingTexts, options: CheckedOptions): Promise<WordCounts> {
  const { normalizer, signal, onProgress } = options
  const words = new WordCounts(
    normalizer === null ? (text) => text : (text) => text.normalize(normalizer),
    split(options),
  )
  const pause = createPause(signal, (done) => onProgress?.({ phase: 'read', done }))
  const due = createCounter(1 << 18)
  let done = 0
  signal?.throwIfAborted()
  for await (const batch of checkTexts(texts)) {
    for (const text of Array.isArray(batch) ? (batch as readonly string[]) : [batch as string]) {
      if (typeof text !== 'string') throw new TokenizerArgumentError('trainBpe: texts', 'strings', describe(text))
      words.add(text)
      done++
      if (due(text.length)) await pause(done)
    }
  }
  return words
}

// a string is an iterable of its characters, which is never meant
function checkTexts(texts: TrainingTexts): TrainingTexts {
  if (typeof texts === 'object' && (Symbol.iterator in texts || Symbol.asyncIterator in texts)) return texts
  throw new TokenizerArgumentError('trainBpe: texts', 'an iterable of strings', describe(texts))
}

function split({ byteLevel: bytes, pattern, addPrefixSpace }: CheckedOptions): PreTokenizer {
  if (!bytes) return splitWords
  if (pattern === 'gpt2') return byteLevel({ addPrefixSpace, useRegex: true })
  const cut = splitCl100k(pattern === 'llama3' ? 3 : 1)
  const spaced = byteLevel({ addPrefixSpace, useRegex: false })
  return (text, start, end, emit) => cut(text, start, end, (piece, from, to) => spaced(piece, from, to, emit))
}
