/** The pre-tokenizer `Split`, by a text, by a pattern that has a scanner, or by any other. */
import { asBoolean, asFields, asSomeText, asText, field, orElse } from '../reading/fields.js'
import { readSettings, type Step } from '../reading/steps.js'
import { scannerFor } from './named-patterns.js'
import type { PreTokenizer } from './pre-tokenizer.js'
import { asBehavior, splitBy, type FindMatches } from './split-by.js'

/** Every occurrence of `found`, from left to right. */
function findText(found: string): FindMatches {
  return (text, start, end, visit) => {
    let from = start
    // A slice, so that the search ends with the stretch.
    const stretch = text.slice(start, end)
    for (let at = stretch.indexOf(found); at >= 0; at = stretch.indexOf(found, at + found.length)) {
      if (start + at > from) visit(from, start + at, false)
      from = start + at + found.length
      visit(start + at, from, true)
    }
    if (from < end) visit(from, end, false)
  }
}

/** Finds the matches of a pattern that has no scanner; `path` says where it is. */
export type FindPattern = (pattern: string, path: string) => FindMatches

/** Reads a `Split` with `findPattern` for what has no scanner. */
export function splitReader(findPattern: FindPattern): (step: Step) => PreTokenizer {
  return (step) => {
    const { pattern, behavior, invert } = readSettings(step, {
      pattern: asFields,
      behavior: asBehavior,
      invert: orElse(asBoolean, false),
    })
    const scanner = scannerFor(step)
    if (scanner) return scanner
    const path = `${step.path}.pattern`
    const regex = field(pattern, 'Regex')
    const find =
      regex === undefined
        ? findText(asSomeText(field(pattern, 'String'), `${path}.String`))
        : findPattern(asText(regex, `${path}.Regex`), `${path}.Regex`)
    return splitBy(find, behavior, invert)
  }
}
