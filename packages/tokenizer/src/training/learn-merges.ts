/**
 * Learns the merges: takes the most frequent pair, makes it a token, and counts again only what that changed. The result is that of
 * Hugging Face's `BpeTrainer` (tokenizers/src/models/bpe/trainer.rs); `learn-merges-plainly.ts` is the twin without the machinery.
 */
import { createCounter, type Pause } from './pause.js'
import type { Corpus } from './corpus.js'
import { MergeQueue } from './merge-queue.js'
import { MergeableWords } from './merge-words.js'
import type { CheckedOptions } from './options.js'
import { PairCounts } from './pair-counts.js'

export type Merge = readonly [left: number, right: number]

export type MergeOptions = Pick<
  CheckedOptions,
  'vocabSize' | 'minFrequency' | 'maxTokenLength' | 'continuingSubwordPrefix'
>

/** Adds the new tokens to `corpus.vocabulary` and returns the merges in order. `pause` is called every now and then. */
export async function learnMerges(corpus: Corpus, options: MergeOptions, pause: Pause): Promise<Merge[]> {
  const { vocabulary } = corpus
  const pairs = new PairCounts()
  const words = new MergeableWords(corpus, pairs, options.maxTokenLength)
  const queue = new MergeQueue()
  const merges: Merge[] = []
  const due = createCounter(1 << 14)
  for (let word = 0; word < words.size; word++) {
    words.countPairs(word)
    if (due(1)) await pause(vocabulary.size)
  }
  enqueue(pairs, queue)
  while (vocabulary.size < options.vocabSize) {
    const top = queue.pop()
    if (top === undefined) break
    const count = pairs.counts[top.pair]
    if (top.count !== count) {
      queue.push({ ...top, count })
      continue
    }
    if (count < Math.max(1, options.minFrequency)) break
    const merged = vocabulary.add(joined(vocabulary.tokens, top.left, top.right, options.continuingSubwordPrefix))
    merges.push([top.left, top.right])
    for (const word of top.words) words.merge(word, top.left, top.right, merged)
    enqueue(pairs, queue)
    if (due(top.words.length + 1)) await pause(vocabulary.size)
  }
  return lastOfEach(merges)
}

function enqueue(pairs: PairCounts, queue: MergeQueue): void {
  pairs.takeNoted((pair, words) => {
    const count = pairs.counts[pair]
    if (count > 0) queue.push({ pair, left: pairs.lefts[pair], right: pairs.rights[pair], count, words })
  })
}

/** The text of a merged token: the right part without the mark that it continues a word. */
export function joined(tokens: readonly string[], left: number, right: number, prefix: string): string {
  const end = tokens[right]
  return tokens[left] + (end.startsWith(prefix) ? end.slice(prefix.length) : end)
}

/**
 * Two ways to write a token ("ab" + "c" and "a" + "bc") give the same id, and a pair with it may then come up twice. The reference
 * keeps the later place.
 */
export function lastOfEach(merges: readonly Merge[]): Merge[] {
  const last = new Map<string, Merge>()
  for (const merge of merges) {
    const key = merge.join(' ')
    last.delete(key)
    last.set(key, merge)
  }
  return [...last.values()]
}
