/** Finds the matches of a pattern of a file, one after the other, in time that grows with the text and no faster. */
import type { FindMatches } from '../pre-tokenizers/split-by.js'
import { widthAt } from '../pre-tokenizers/character-class.js'
import { UnsupportedTokenizerError } from '../errors.js'
import { describe } from '../reading/describe.js'
import { Matcher } from './matcher.js'
import { parsePattern } from './parse-pattern.js'
import { compileTree } from './program.js'

/** Throws `TokenizerFormatError` for what is no pattern and `UnsupportedTokenizerError` for one that cannot be matched here. */
export function findPattern(pattern: string, path: string): FindMatches {
  const program = compileTree(
    parsePattern(pattern, path),
    (what) => new UnsupportedTokenizerError(path, SUPPORTED, `${what} in ${describe(pattern)}`),
  )
  return (text, start, end, visit) => {
    if (start === end) return
    const matcher = new Matcher(program, text, start, end)
    let from = start
    for (let at = start; at <= end;) {
      const stop = matcher.match(at)
      // Nothing right behind a match is none of its own.
      if (stop > at || (stop === at && (at > from || at === start))) {
        if (at > from) visit(from, at, false)
        visit(at, stop, true)
        from = stop
      }
      at = stop > at ? stop : at < end ? at + widthAt(text, at) : end + 1
    }
    if (from < end) visit(from, end, false)
  }
}

const SUPPORTED = 'patterns that need no memory of what a group held; see the README of @retnet/tokenizer'
