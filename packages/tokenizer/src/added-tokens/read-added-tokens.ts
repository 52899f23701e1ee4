/** Reads `added_tokens` and checks them against the vocabulary: every id must belong to one token, and none may be left out. */
import { asBoolean, asFields, asId, asList, asSomeText, readFields, wrong } from '../reading/fields.js'

export interface AddedToken {
  readonly id: number
  readonly content: string
  /** Left out by `skipSpecialTokens`, read as text with `parseSpecialTokens: false`. */
  readonly special: boolean
  /** Matched after normalization rather than before. */
  readonly normalized: boolean
  /** Takes the whitespace to its left along. */
  readonly lstrip: boolean
  /** Takes the whitespace to its right along. */
  readonly rstrip: boolean
  /** Matched only where no word character touches it. */
  readonly singleWord: boolean
}

const READERS = {
  id: asId,
  content: asSomeText,
  single_word: asBoolean,
  lstrip: asBoolean,
  rstrip: asBoolean,
  normalized: asBoolean,
  special: asBoolean,
}

export function readAddedTokens(
  value: unknown,
  vocabulary: ReadonlyMap<string, number>,
  path = 'added_tokens',
): AddedToken[] {
  if (value === null || value === undefined) return []
  const tokens = new Map<string, AddedToken>()
  asList(value, path).forEach((item, i) => {
    const token = readAddedToken(item, `${path}[${i}]`)
    const known = vocabulary.get(token.content) ?? tokens.get(token.content)?.id ?? token.id
    if (known !== token.id) throw wrong(`${path}[${i}].id`, `${known}, the id of the same token elsewhere`, token.id)
    // Said twice, the later entry holds.
    tokens.set(token.content, token)
  })
  return [...tokens.values()]
}

function readAddedToken(value: unknown, path: string): AddedToken {
  const { single_word, ...token } = readFields(asFields(value, path), path, READERS)
  return { ...token, singleWord: single_word }
}
