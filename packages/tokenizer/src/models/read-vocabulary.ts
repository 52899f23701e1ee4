/** Reads the vocabulary of a model: every token with an id. */
import { describe } from '../reading/describe.js'
import { asFields, asText, need, wrong } from '../reading/fields.js'
import { isWellFormed } from '../reading/well-formed.js'

/** Most tokens and most merges in a file; the largest published vocabularies have about a million. */
export const MOST_ENTRIES = 1 << 22

export function readVocabulary(value: unknown, path: string): Map<string, number> {
  const fields = asFields(value, path)
  const tokens = Object.keys(fields)
  need(tokens.length > 0 && tokens.length <= MOST_ENTRIES, path, `1 to ${MOST_ENTRIES} tokens`, tokens.length)
  const vocabulary = new Map<string, number>()
  for (const token of tokens) {
    const id = fields[token]
    const fits = Number.isInteger(id) && (id as number) >= 0 && isWellFormed(token)
    // The path is only worth making for an error.
    if (!fits) throw wrong(`${path}[${describe(token)}]`, 'an id from 0, and no lone surrogates in the token', id)
    vocabulary.set(token, id as number)
  }
  return vocabulary
}

/** The id of an `unk_token` that must be there. */
export function needUnknown(value: unknown, vocabulary: ReadonlyMap<string, number>, path: string): number {
  const id = readUnknown(value, vocabulary, path)
  need(id !== undefined, path, 'a token of the vocabulary', value)
  return id
}

/** The id of `unk_token`, undefined if the file names none. */
export function readUnknown(value: unknown, vocabulary: ReadonlyMap<string, number>, path: string): number | undefined {
  if (value === null || value === undefined) return undefined
  const id = vocabulary.get(asText(value, path))
  need(id !== undefined, path, 'a token of the vocabulary', value)
  return id
}
