/** The settings of `Replace`, which is a normalizer and a decoder: a text to find, and what to put in its place. */
import { asFields, asSomeText, asText, field } from './fields.js'
import { readSettings, type Step } from './steps.js'

export function readReplacement(step: Step): { pattern: string; content: string } {
  return readSettings(step, {
    pattern: (value, path) => asSomeText(field(asFields(value, path), 'String'), `${path}.String`),
    content: asText,
  })
}

/** Whether the pattern of a step is a regular expression and no text. */
export function hasRegex({ fields, path }: Step): boolean {
  return field(asFields(field(fields, 'pattern'), `${path}.pattern`), 'Regex') !== undefined
}
