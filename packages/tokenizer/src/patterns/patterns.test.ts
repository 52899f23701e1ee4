import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { TokenizerFormatError, UnsupportedTokenizerError } from '../errors.js'
import type { Normalizer } from '../normalizers/normalizer.js'
import { nmt } from '../normalizers/nmt.js'
import { scannerFor } from '../pre-tokenizers/named-patterns.js'
import type { PreTokenizer } from '../pre-tokenizers/pre-tokenizer.js'
import { splitBy, type Behavior } from '../pre-tokenizers/split-by.js'
import { unicodeScripts } from '../pre-tokenizers/unicode-scripts.js'
import { readJson } from '../testing/files.js'
import { findPattern } from './find-pattern.js'
import { readReplace } from './replace.js'

interface Row {
  readonly name: string
  readonly pattern: string
  /** By what becomes of matches, for each text. */
  readonly pieces: Readonly<Record<string, readonly (readonly string[])[]>>
  readonly replaced?: readonly string[]
}

interface Reference {
  readonly texts: readonly string[]
  readonly rows: readonly Row[]
  readonly scripts: readonly (readonly string[])[]
  readonly nmt: readonly string[]
}

const { texts, rows, scripts, nmt: afterNmt } = readJson('packages/tokenizer/fixtures/patterns.json') as Reference

function cut(split: PreTokenizer, text: string): string[] {
  const pieces: string[] = []
  split(text, 0, text.length, (piece, start, end) => pieces.push(piece.slice(start, end)))
  return pieces
}

// merged_with_next is MergedWithNext in files
const nameInFiles = (behavior: string): Behavior =>
  behavior.replace(/(?:^|_)./g, (start) => start.replace('_', '').toUpperCase()) as Behavior

describe('patterns as the reference has them', () => {
  it.each(rows)('$name', ({ pattern, pieces, replaced }) => {
    const find = findPattern(pattern, 'pattern')
    for (const [behavior, expected] of Object.entries(pieces)) {
      const split = splitBy(find, nameInFiles(behavior))
      expect(
        texts.map((text) => cut(split, text)),
        behavior,
      ).toEqual(expected)
    }
    if (!replaced) return
    const fields = { type: 'Replace', pattern: { Regex: pattern }, content: '<>' }
    const replace = readReplace({ type: 'Replace', fields, path: 'normalizer' })
    expect(texts.map((text) => replace(text))).toEqual(replaced)
  })

  it('UnicodeScripts', () => expect(texts.map((text) => cut(unicodeScripts, text))).toEqual(scripts))

  it('Nmt', () => {
    const apply = (text: string): string => nmt.reduce((result: string, step: Normalizer) => step(result), text)
    expect(texts.map(apply)).toEqual(afterNmt)
  })
})

describe('a pattern that has a scanner', () => {
  const named = rows.flatMap(({ name, pattern }) => {
    const fields = { pattern: { Regex: pattern }, behavior: 'Isolated' }
    const scanner = scannerFor({ type: 'Split', fields, path: '' })
    return scanner ? [{ name, pattern, scanner }] : []
  })
  const odd = fc.string({
    unit: fc.constantFrom(...Array.from(" \n\r\t'sSlLreEvDmaZ09٣²é中。.!/\ufeff\u0085\u00a0ſ😀")),
  })

  it.each(named)('cuts as the matcher does: $name', ({ pattern, scanner }) => {
    const split = splitBy(findPattern(pattern, ''), 'Isolated')
    fc.assert(
      fc.property(odd, (text) => {
        expect(cut(scanner, text)).toEqual(cut(split, text))
      }),
      { numRuns: 300 },
    )
  })
})

describe('patterns that take other matchers forever', () => {
  const long = 'a'.repeat(64_000)
  it.each(['(a+)+$b', '(a|a)*c', '(?:a|aa)+b', 'a+b', '(?=(a+)+b)a', 'a*a*a*b', '(?>a*)b', '(?:a*+b)?c', 'a(?=a*b)'])(
    '%s is decided in time that grows with the text',
    (pattern) => {
      const pieces = cut(splitBy(findPattern(pattern, ''), 'Isolated'), long)
      expect(pieces.join('')).toBe(long)
    },
  )
})

describe('what is no pattern here', () => {
  it.each(['(', '[a', 'a)', '*a', 'a{3,2}', '\\', '[z-a]', '\\x{110000}'])('refuses %s as broken', (pattern) => {
    expect(() => findPattern(pattern, 'here')).toThrow(TokenizerFormatError)
    expect(() => findPattern(pattern, 'here')).toThrow('tokenizer.json: here')
  })

  it.each([
    ['(a)\\1'],
    ['\\Ka'],
    ['\\R'],
    ['\\p{Klingon}'],
    ['(?x:a b)'],
    ['(?<=a+)b'],
    ['(?i:ss)'],
    ['(?:a{1000}){1000}'],
    ['(?:(?>a{1000})b){1000}'],
    ['('.repeat(100) + ')'.repeat(100)],
  ])('refuses %s, which it cannot do', (pattern) => {
    expect(() => findPattern(pattern, 'here')).toThrow(UnsupportedTokenizerError)
  })
})
