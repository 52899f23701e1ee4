/** Cutting at matches: which stretches match is one question, what becomes of them another. */
import { UnsupportedTokenizerError } from '../errors.js'
import { asText } from '../reading/fields.js'
import type { CharacterTest } from './character-set.js'
import type { PreTokenizer } from './pre-tokenizer.js'

/** Covers `text[start .. end]` with stretches that match or do not. A match can be empty. */
export type FindMatches = (text: string, start: number, end: number, visit: VisitMatch) => void
export type VisitMatch = (start: number, end: number, isMatch: boolean) => void

export type Behavior = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous'
const BEHAVIORS: readonly string[] = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous']

export function asBehavior(value: unknown, path: string): Behavior {
  const behavior = asText(value, path)
  if (BEHAVIORS.includes(behavior)) return behavior as Behavior
  throw new UnsupportedTokenizerError(path, BEHAVIORS.join(', '), behavior)
}

/** Every character of the set is a match of its own. */
export function findCharacters(test: CharacterTest): FindMatches {
  return (text, start, end, visit) => {
    let from = start
    for (let at = start; at < end;) {
      const next = at + (text.codePointAt(at)! > 0xffff ? 2 : 1)
      if (test(text, at)) {
        if (at > from) visit(from, at, false)
        visit(at, next, true)
        from = next
      }
      at = next
    }
    if (from < end) visit(from, end, false)
  }
}

export function splitBy(find: FindMatches, behavior: Behavior, invert = false): PreTokenizer {
  return (text, start, end, emit, origin) => {
    const pieces = createPieces(behavior, (from, to) => void (from < to && emit(text, from, to, origin)))
    find(text, start, end, (from, to, isMatch) => pieces.visit(from, to, isMatch !== invert))
    pieces.end()
  }
}

interface Pieces {
  readonly visit: VisitMatch
  end(): void
}

type Cut = (start: number, end: number) => void

function createPieces(behavior: Behavior, cut: Cut): Pieces {
  if (behavior === 'Removed') return { visit: (start, end, isMatch) => void (isMatch || cut(start, end)), end() {} }
  if (behavior === 'Isolated') return { visit: cut, end() {} }
  return mergePieces(behavior, cut)
}

/** Holds one piece until it is known that nothing joins it. */
function mergePieces(behavior: Behavior, cut: Cut): Pieces {
  let from = -1
  let to = -1
  let before = false
  const joins = (isMatch: boolean): boolean => {
    if (behavior === 'Contiguous') return isMatch === before
    return behavior === 'MergedWithPrevious' ? isMatch && !before : before && !isMatch
  }
  return {
    visit(start, end, isMatch) {
      if (from >= 0 && joins(isMatch)) to = end
      else {
        if (from >= 0) cut(from, to)
        from = start
        to = end
      }
      before = isMatch
    },
    end: () => void (from < 0 || cut(from, to)),
  }
}
