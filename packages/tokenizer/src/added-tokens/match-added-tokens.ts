/** Finds added tokens in text: the longest at the leftmost place, as the Aho-Corasick search of the reference does. */
import type { AddedToken } from './read-added-tokens.js'

/** Calls back for every stretch of `text`: with a token where one stands, else with undefined. */
export type AddedTokenMatcher = (text: string, parseSpecial: boolean, visit: VisitStretch) => void

export type VisitStretch = (start: number, end: number, token: AddedToken | undefined) => void

const endsWithWord = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u
const startsWithWord = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u
const isSpace = /\p{White_Space}/u

export function createMatcher(tokens: readonly AddedToken[], normalize: (text: string) => string): AddedTokenMatcher {
  const byContent = new Map<string, AddedToken>()
  // Where two tokens normalize to the same text the special one wins.
  for (const token of [...tokens].sort((a, b) => Number(b.special) - Number(a.special))) {
    const content = normalize(token.content)
    if (content !== '' && !byContent.has(content)) byContent.set(content, token)
  }
  if (byContent.size === 0) return (text, _, visit) => visitRest(0, text.length, visit)
  const pattern = alternatives([...byContent.keys()])
  return (text, parseSpecial, visit) => {
    const search = new RegExp(pattern, 'g')
    let from = 0
    for (let match = search.exec(text); match !== null; match = search.exec(text)) {
      const token = byContent.get(match[0])!
      const end = search.lastIndex
      if (token.special && !parseSpecial) continue
      if (token.singleWord && touchesWord(text, match.index, end)) continue
      const start = token.lstrip ? Math.max(from, spaceBefore(text, match.index)) : match.index
      const stop = token.rstrip ? spaceAfter(text, end) : end
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

/** A pattern of all contents in which the first alternative that matches is also the longest. */
function alternatives(contents: string[]): string {
  return contents
    .sort((a, b) => b.length - a.length)
    .map((content) => content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('|')
}

function touchesWord(text: string, start: number, end: number): boolean {
  // Two code units hold any character; half of one is no word character.
  return endsWithWord.test(text.slice(Math.max(0, start - 2), start)) || startsWithWord.test(text.slice(end, end + 2))
}

// Every whitespace character is one code unit.
function spaceBefore(text: string, at: number): number {
  while (at > 0 && isSpace.test(text[at - 1])) at--
  return at
}

function spaceAfter(text: string, at: number): number {
  while (at < text.length && isSpace.test(text[at])) at++
  return at
}
