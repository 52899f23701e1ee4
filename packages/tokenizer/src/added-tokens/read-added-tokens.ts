/** Reads `added_tokens` and checks them against the vocabulary: every id must belong to one token, and none may be left out. */
import { asBoolean, asFields, asId, asList, asText, field, refuseUnknownKeys, wrong } from '../reading/fields.js'

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

const KEYS = ['id', 'content', 'single_word', 'lstrip', 'rstrip', 'normalized', 'special']

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
  const fields = asFields(value, path)
  refuseUnknownKeys(fields, path, KEYS)
  const flag = (key: string): boolean => asBoolean(field(fields, key), `${path}.${key}`)
  const content = asText(field(fields, 'content'), `${path}.content`)
  if (content === '') throw wrong(`${path}.content`, 'at least one character', content)
  return {
    id: asId(field(fields, 'id'), `${path}.id`),
    content,
    special: flag('special'),
    normalized: flag('normalized'),
    lstrip: flag('lstrip'),
    rstrip: flag('rstrip'),
    singleWord: flag('single_word'),
  }
}
