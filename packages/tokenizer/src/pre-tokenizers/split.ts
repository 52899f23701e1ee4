/** The pre-tokenizer `Split`, by a text or by a pattern that has a scanner. */
import { UnsupportedTokenizerError } from '../errors.js'
import { describe } from '../reading/describe.js'
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

export function readSplit(step: Step): PreTokenizer {
  const { pattern, behavior, invert } = readSettings(step, {
    pattern: asFields,
    behavior: asBehavior,
    invert: orElse(asBoolean, false),
  })
  const path = `${step.path}.pattern`
  const regex = field(pattern, 'Regex')
  if (regex === undefined) {
    return splitBy(findText(asSomeText(field(pattern, 'String'), `${path}.String`)), behavior, invert)
  }
  const scanner = scannerFor(step)
  if (scanner) return scanner
  throw new UnsupportedTokenizerError(path, 'x', describe(asText(regex, `${path}.Regex`)))
}
