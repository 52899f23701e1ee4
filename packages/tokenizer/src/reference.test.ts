import { describe, expect, it } from 'vitest'

import { readJson } from './testing/files.js'
import type { Fields, TokenizerFile } from './testing/tokenizer-file.js'
import type { TokenizerPlus } from './tokenizer-plus.js'
import { readTokenizer } from './testing/read-tokenizer.js'

type Ids = readonly number[]
// null stands for the usual value: the ids, the text, the decoded text, the ids.
type Row = [text: number, ids: Ids, full: Ids | null, decoded: string | null, skipped: string | null, plain: Ids | null]

interface Variant {
  readonly name: string
  readonly set: Fields
  readonly model?: Fields
  readonly drop?: readonly string[]
  readonly keep_every_other_merge?: boolean
  readonly rows: readonly Row[]
}

interface Reference {
  readonly texts: readonly string[]
  readonly variants: readonly Variant[]
}

const { texts, variants } = readJson('packages/tokenizer/fixtures/reference.json') as Reference
const base = readJson('models/novels-7m/tokenizer.json') as TokenizerFile
const baseMerges = base.model.merges as readonly string[][]

function build({ set, model, drop, keep_every_other_merge }: Variant): TokenizerPlus {
  const file = { ...base, ...set, model: { ...base.model, ...model } }
  if (drop) {
    const tokens = Object.keys(base.model.vocab).toSorted((a, b) => base.model.vocab[a] - base.model.vocab[b])
    const kept = tokens.filter((token) => token === '<|endoftext|>' || !drop.some((byte) => token.includes(byte)))
    file.model.vocab = Object.fromEntries(kept.map((token, id) => [token, id]))
    file.model.merges = baseMerges.filter((pair) => pair.join('') in file.model.vocab)
  }
  if (keep_every_other_merge) file.model.merges = baseMerges.filter((_, i) => i % 2 === 0)
  return readTokenizer(file)
}

describe('the reference, on variants of the bundled tokenizer', () => {
  it.each(variants)('$name', (variant) => {
    const tokenizer = build(variant)
    for (const [index, ids, full, decoded, skipped, plain] of variant.rows) {
      const text = texts[index]
      expect([...tokenizer.encode(text)], text).toEqual(ids)
      expect([...tokenizer.encode(text, { addSpecialTokens: true })], text).toEqual(full ?? ids)
      expect([...tokenizer.encode(text, { parseSpecialTokens: false })], text).toEqual(plain ?? ids)
      expect(tokenizer.decode(ids), text).toBe(decoded ?? text)
      expect(tokenizer.decode(ids, { skipSpecialTokens: true }), text).toBe(skipped ?? decoded ?? text)
    }
  })
})
