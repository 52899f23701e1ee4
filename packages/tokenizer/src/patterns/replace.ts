/** `Replace` by a pattern, as a normalizer and as a decoder. */
import { readReplaceText as readReplaceTokenText } from '../decoders/replace.js'
import { eachToken, type Decoder } from '../decoders/decoder.js'
import type { Normalizer } from '../normalizers/normalizer.js'
import { readReplaceText } from '../normalizers/text-edits.js'
import { asFields, asText, field } from '../reading/fields.js'
import { hasRegex } from '../reading/read-replacement.js'
import { readSettings, type Step } from '../reading/steps.js'
import { findPattern } from './find-pattern.js'

export function readReplace(step: Step): Normalizer {
  return hasRegex(step) ? replacePattern(step) : readReplaceText(step)
}

export function readReplaceDecoder(step: Step): Decoder {
  if (!hasRegex(step)) return readReplaceTokenText(step)
  const replace = replacePattern(step)
  return eachToken((token) => replace(token))
}

function replacePattern(step: Step): Normalizer {
  const { pattern, content } = readSettings(step, { pattern: asFields, content: asText })
  const path = `${step.path}.pattern.Regex`
  const find = findPattern(asText(field(pattern, 'Regex'), path), path)
  return (text, edits) => {
    let made = ''
    find(text, 0, text.length, (start, end, isMatch) => {
      if (isMatch) edits?.push(start, end, content.length)
      made += isMatch ? content : text.slice(start, end)
    })
    return made
  }
}
