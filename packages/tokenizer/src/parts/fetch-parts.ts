/** Fetches the parts that a file needs beside those that are always there, so that a page downloads no others. */
import type { TokenizerParts } from '../catalog.js'
import { modelOf } from '../models/model-type.js'
import { oldType } from '../models/old-type.js'
import { field, type Fields } from '../reading/fields.js'
import { readSteps, type Step } from '../reading/steps.js'

interface Group {
  readonly parts: TokenizerParts
}

/** Groups by the types that they are for; `characters` and `byteCharacters` are uses that no type names. */
const groups: readonly (readonly [needed: string, fetch: () => Promise<Group>])[] = [
  ['characters byteCharacters Prepend Replace Strip ByteFallback Fuse', () => import('./edits.js')],
  ['Split Digits', () => import('./split.js')],
  ['Metaspace', () => import('./metaspace.js')],
  ['Unigram Precompiled', () => import('./unigram.js')],
  [
    'WordPiece WordLevel BertNormalizer Lowercase StripAccents BertPreTokenizer Punctuation Whitespace',
    () => import('./words.js'),
  ],
  ['Nmt UnicodeScripts CharDelimiterSplit FixedLength BPEDecoder CTC', () => import('./rare.js')],
]

export async function fetchParts(file: Fields): Promise<TokenizerParts[]> {
  const typesOf = (steps: readonly Step[]): string[] => steps.map(({ type }) => type)
  const [normalizers, preTokenizers, decoders] = ['normalizer', 'pre_tokenizer', 'decoder'].map((key) =>
    readSteps(field(file, key), key, `${key.replace('_', '')}s`),
  )
  const { type, takesBytes } = modelOf(file, oldType)
  const steps = [...normalizers, ...preTokenizers, ...decoders]
  const needed = new Set([type, ...typesOf(steps)])
  const isBytes = takesBytes && preTokenizers.at(-1)?.type === 'ByteLevel'
  if (type === 'BPE' && !isBytes) needed.add('characters')
  // once for the model and once for decoding at most
  const ours = Number(isBytes) + Number(typesOf(decoders).join() === 'ByteLevel')
  if (typesOf(steps).filter((each) => each === 'ByteLevel').length > ours) needed.add('byteCharacters')
  const fetched = await Promise.all(
    groups.filter(([types]) => types.split(' ').some((each) => needed.has(each))).map(([, fetch]) => fetch()),
  )
  const parts = fetched.map((group) => group.parts)
  if (steps.some((step) => hasOwnPattern(step, parts))) parts.push((await import('./patterns.js')).parts)
  return parts
}

/** Whether a step has a regular expression, and none of those that `parts` have a scanner for. */
function hasOwnPattern({ type, fields, path }: Step, parts: readonly TokenizerParts[]): boolean {
  const pattern = field(fields, 'pattern')
  if (typeof pattern !== 'object' || pattern === null || field(pattern as Fields, 'Regex') === undefined) return false
  return !parts.some(({ cuts }) => type === 'Split' && cuts?.Split?.({ type, fields, path }))
}
