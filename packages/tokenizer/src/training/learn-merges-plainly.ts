/**
 * The twin of `learn-merges.ts`: the rule of the reference in lists, maps and sets, with a search through all candidates for each merge.
 * For tests, and to read first.
 */
import type { Corpus } from './corpus.js'
import { joined, lastOfEach, type Merge, type MergeOptions } from './learn-merges.js'

interface Candidate {
  readonly pair: Merge
  count: number
  readonly words: ReadonlySet<number>
}

interface Symbol {
  readonly id: number
  readonly length: number
}

export function learnMergesPlainly(corpus: Corpus, options: MergeOptions): Merge[] {
  const { vocabulary, symbols, starts, counts } = corpus
  const words: Symbol[][] = counts.map((_, word) =>
    Array.from(symbols.slice(starts[word], starts[word + 1]), (id) => ({ id, length: 1 })),
  )
  const countOf = new Map<string, number>()
  const fresh = new Map<string, Set<number>>()
  const candidates: Candidate[] = []
  const merges: Merge[] = []
  const change = (left: number, right: number, word: number, by: 1 | -1): void => {
    const key = `${left} ${right}`
    countOf.set(key, (countOf.get(key) ?? 0) + by * counts[word])
    if (by > 0) fresh.set(key, (fresh.get(key) ?? new Set()).add(word))
  }
  const takeFresh = (): void => {
    for (const [key, set] of fresh) {
      const [left, right] = key.split(' ').map(Number)
      if (countOf.get(key)! > 0) candidates.push({ pair: [left, right], count: countOf.get(key)!, words: set })
    }
    fresh.clear()
  }
  words.forEach((word, index) => {
    for (let at = 1; at < word.length; at++) change(word[at - 1].id, word[at].id, index, 1)
  })
  takeFresh()
  while (vocabulary.size < options.vocabSize && candidates.length > 0) {
    for (const each of candidates) each.count = countOf.get(each.pair.join(' '))!
    const best = candidates.reduce((a, b) => (isBefore(b, a) ? b : a))
    if (best.count < Math.max(1, options.minFrequency)) break
    candidates.splice(candidates.indexOf(best), 1)
    const [left, right] = best.pair
    const id = vocabulary.add(joined(vocabulary.tokens, left, right, options.continuingSubwordPrefix))
    merges.push(best.pair)
    for (const index of best.words) {
      const word = words[index]
      for (let at = 0; at + 1 < word.length; at++) {
        if (word[at].id !== left || word[at + 1].id !== right) continue
        const merged = { id, length: word[at].length + word[at + 1].length }
        const fits = (other: Symbol): boolean => other.length + merged.length < options.maxTokenLength
        const [before, after] = [word[at - 1], word[at + 2]] as (Symbol | undefined)[]
        word.splice(at, 2, merged)
        if (before) change(before.id, left, index, -1)
        if (before && fits(before)) change(before.id, id, index, 1)
        if (after) change(right, after.id, index, -1)
        if (after && fits(after)) change(id, after.id, index, 1)
      }
    }
    takeFresh()
  }
  return lastOfEach(merges)
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return b.count - a.count < 0 || (a.count === b.count && (a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1]) < 0)
}
