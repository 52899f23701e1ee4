/** Finds added tokens in text: the longest at the leftmost place, as the Aho-Corasick search of the reference does. */
import type { AddedToken } from './read-added-tokens.js'
import { createTrie, findLeftmostLongest } from './token-trie.js'

/** Calls back for every stretch of `text`: with a token where one stands, else with undefined. */
export type AddedTokenMatcher = (text: string, parseSpecial: boolean, visit: VisitStretch) => void

export type VisitStretch = (start: number, end: number, token: AddedToken | undefined) => void

const isWord = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u
const isSpace = /\p{White_Space}/u

export function createMatcher(tokens: readonly AddedToken[], normalize: (text: string) => string): AddedTokenMatcher {
  // Where two tokens normalize to the same text the special one wins.
  const ordered = [...tokens].sort((a, b) => Number(b.special) - Number(a.special))
  const entries = ordered
    .map((token) => [normalize(token.content), token] as const)
    .filter(([content]) => content !== '')
  if (entries.length === 0) return (text, _, visit) => visitRest(0, text.length, visit)
  const trie = createTrie(entries)
  return (text, parseSpecial, visit) => {
    let from = 0
    // End of the whitespace last taken along, so that no run is walked twice.
    let spaceEnd = 0
    let match = findLeftmostLongest(trie, text, 0)
    for (; match; match = findLeftmostLongest(trie, text, match.end)) {
      const token = match.value
      if (token.special && !parseSpecial) continue
      if (token.singleWord && touchesWord(text, match.start, match.end)) continue
      const start = token.lstrip ? endOfSpace(text, Math.max(from, match.start), -1, from) : match.start
      if (token.rstrip && match.end >= spaceEnd) spaceEnd = endOfSpace(text, match.end, 1, text.length)
      const stop = token.rstrip ? spaceEnd : match.end
      // Nothing is left of a token that an rstrip before it took as whitespace.
      if (start >= stop) continue
      visitRest(from, start, visit)
      visit(start, stop, token)
      from = stop
    }
    visitRest(from, text.length, visit)
  }
}

function visitRest(start: number, end: number, visit: VisitStretch): void {
  if (start < end) visit(start, end, undefined)
}

function touchesWord(text: string, start: number, end: number): boolean {
  // Two code units hold any character; half of one is no word character.
  const [before] = text.slice(Math.max(0, start - 2), start).match(/.$/su) ?? ['']
  return isWord.test(before) || isWord.test(String.fromCodePoint(text.codePointAt(end) ?? 0))
}

// Every whitespace character is one code unit.
function endOfSpace(text: string, from: number, step: 1 | -1, stop: number): number {
  let at = from
  while (at !== stop && isSpace.test(text[step > 0 ? at : at - 1])) at += step
  return at
}
