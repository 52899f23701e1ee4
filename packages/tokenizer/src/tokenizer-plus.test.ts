import { describe, expect, it } from 'vitest'

import { BpeTokenizer } from './bpe.js'
import { TokenizerArgumentError, UnsupportedTokenizerError } from './errors.js'
import { readText } from './testing/files.js'
import { tinyTokenizerFile } from './testing/tokenizer-file.js'
import { splitParts } from './parts.js'
import { readTokenizer } from './testing/read-tokenizer.js'

const novels = readText('models/novels-7m/tokenizer.json')
const tokenizer = readTokenizer(novels)

/** WordPiece with pairs, a pad token and lower case. */
const words = {
  ...tinyTokenizerFile(),
  added_tokens: [],
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: { type: 'BertProcessing', cls: ['[CLS]', 1], sep: ['[SEP]', 2] },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '?',
    vocab: { '?': 0, '[CLS]': 1, '[SEP]': 2, '[PAD]': 3, cafe: 4, '##s': 5, '.': 6 },
  },
}

/** BPE over characters with byte fallback, as Llama 2 has it. */
const byteTokens = Object.fromEntries(
  Array.from({ length: 256 }, (_, i) => [`<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`, i + 1]),
)
const llama = {
  ...tinyTokenizerFile(),
  added_tokens: [],
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'Prepend', prepend: '▁' },
      { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    ],
  },
  pre_tokenizer: null,
  decoder: {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  },
  model: {
    type: 'BPE',
    unk_token: '<unk>',
    fuse_unk: true,
    byte_fallback: true,
    vocab: { '<unk>': 0, ...byteTokens, '▁': 257, a: 258, b: 259, ab: 260, '▁ab': 261 },
    merges: ['a b', '▁ ab'],
  },
}

describe('encodePlus', () => {
  it('says where tokens stand, through accents, case and characters of two code units', () => {
    const plus = readTokenizer(words).encodePlus('🤚 Cafés.')
    expect([...plus.ids]).toEqual([1, 0, 4, 5, 6, 2])
    expect([...plus.offsets]).toEqual([0, 0, 0, 2, 3, 7, 7, 8, 8, 9, 0, 0])
    expect([...plus.wordIds]).toEqual([-1, 0, 1, 1, 2, -1])
    expect([...plus.specialTokensMask]).toEqual([1, 0, 0, 0, 0, 1])
  })

  it('puts two texts into one', () => {
    const plus = readTokenizer(words).encodePlus(['cafe', '.'])
    expect([...plus.ids]).toEqual([1, 4, 2, 6, 2])
    expect([...plus.typeIds]).toEqual([0, 0, 0, 1, 1])
    expect([...plus.sequenceIds]).toEqual([-1, 0, -1, 1, -1])
  })

  it('cuts with a stride, keeps what it cut, and fills up a batch', () => {
    const options = { truncation: { maxLength: 5, stride: 1 }, padding: {} }
    const [long, short] = readTokenizer(words).encodeBatch(['cafe . . . cafe', '.'], options)
    expect([...long.ids]).toEqual([1, 4, 6, 6, 2])
    expect(long.overflow.map(({ ids }) => [...ids])).toEqual([[1, 6, 6, 4, 2]])
    expect([...short.ids]).toEqual([1, 6, 2, 3, 3])
    expect([...short.attentionMask]).toEqual([1, 1, 1, 0, 0])
  })

  it('refuses options that cannot be', () => {
    const refuse = (options: object): void => {
      expect(() => readTokenizer(words).encodePlus('a', options)).toThrow(TokenizerArgumentError)
    }
    refuse({ truncation: { maxLength: -1 } })
    refuse({ truncation: { maxLength: 1 } })
    refuse({ truncation: { maxLength: 9, strategy: 'random' } })
    refuse({ padding: { padId: 99 } })
    refuse({ novelty: true })
  })
})

describe('encodeInto', () => {
  it('fills a typed array, and writes nothing where it does not fit', () => {
    const target = new Uint16Array(8).fill(9999)
    const ids = tokenizer.encode('The old house')
    expect(tokenizer.encodeInto('The old house', target)).toBe(ids.length)
    expect([...target.subarray(0, ids.length)]).toEqual([...ids])
    const small = Uint16Array.of(9999)
    expect(() => tokenizer.encodeInto('The old house', small)).toThrow(TokenizerArgumentError)
    expect(small[0]).toBe(9999)
    expect(() => tokenizer.encodeInto('a', new Uint8Array(9) as never)).toThrow(TokenizerArgumentError)
  })
})

describe.each([
  ['byte-level', novels],
  ['byte fallback', llama],
  ['WordPiece', words],
])('streams of %s', (_, file) => {
  const text = 'The  café, ab ab\n\nabba 日本 🤚🏾 ab <|endoftext|> ab  '.repeat(60)
  const whole = readTokenizer(file)

  it.each([1, 7, 1000])('give the ids of the whole text, %i code units at a time', async (size) => {
    const parts = Array.from({ length: Math.ceil(text.length / size) }, (__, i) => text.slice(i * size, (i + 1) * size))
    const ids: number[] = []
    let arrays = 0
    for await (const array of whole.encodeStream(parts, { addSpecialTokens: true })) {
      ids.push(...array)
      arrays++
    }
    expect(ids).toEqual([...whole.encode(text, { addSpecialTokens: true })])
    expect(arrays).toBeGreaterThan(1)
  })

  it('give the text that decode gives', async () => {
    const ids = whole.encode(text)
    let decoded = ''
    for await (const part of whole.decodeStream(ids)) decoded += part
    expect(decoded).toBe(whole.decode(ids))
  })
})

describe('no ids', () => {
  it.each([novels, llama, words])('are no text', (file) => {
    expect(readTokenizer(file).decode([])).toBe('')
    expect(readTokenizer(file).createDecodeStream().flush()).toBe('')
  })
})

describe('64,000 characters without a space', () => {
  it.each([novels, llama, words])('are encoded', (file) => {
    const long = 'ab'.repeat(32_000)
    expect(readTokenizer(file).encode(long).length).toBeGreaterThan(0)
  })
})

describe('BpeTokenizer', () => {
  it('gives the ids that the whole tokenizer gives, and sends other files to it', () => {
    const text = 'Naïve ab <end> 日本 ab'
    const llama3 = {
      ...tinyTokenizerFile(),
      normalizer: { type: 'NFC' },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Digits', individual_digits: true },
          { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
        ],
      },
      post_processor: {
        type: 'RobertaProcessing',
        sep: ['c', 3],
        cls: ['a', 1],
        trim_offsets: true,
        add_prefix_space: true,
      },
    }
    for (const file of [novels, llama3]) {
      const small = BpeTokenizer.fromJson(file, [splitParts])
      const whole = readTokenizer(file)
      for (const options of [{}, { addSpecialTokens: true, parseSpecialTokens: false }]) {
        const ids = whole.encode(text, options)
        expect(small.encode(text, options)).toEqual(ids)
        expect(small.decode(ids)).toBe(whole.decode(ids))
      }
    }
    for (const file of [llama, words, { ...llama3, decoder: null }]) {
      expect(() => BpeTokenizer.fromJson(file)).toThrow(UnsupportedTokenizerError)
    }
  })

  it('refuses ByteLevel where it would have to write the byte alphabet', () => {
    const step = tinyTokenizerFile().pre_tokenizer
    const twice = { ...tinyTokenizerFile(), pre_tokenizer: { type: 'Sequence', pretokenizers: [step, step] } }
    expect(() => BpeTokenizer.fromJson(twice)).toThrow('ByteLevel as the last step')
    expect(() => readTokenizer(twice)).not.toThrow()
  })

  it('leaves patterns of their own to the whole tokenizer', () => {
    const split = { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false }
    const steps = [split, { ...(tinyTokenizerFile().pre_tokenizer as object), use_regex: false }]
    const file = { ...tinyTokenizerFile(), pre_tokenizer: { type: 'Sequence', pretokenizers: steps } }
    expect(() => BpeTokenizer.fromJson(file, [splitParts])).toThrow('without patternParts')
    expect([...readTokenizer(file).encode('abaa')]).toEqual([5, 1, 1])
  })
})

describe('tokenBytes', () => {
  const bytesOf = (from: { tokenBytes(id: number): Uint8Array }, ids: ArrayLike<number>) => {
    return Buffer.concat(Array.from(ids, (id) => from.tokenBytes(id)))
  }

  it('gives the bytes of a text, with parts of characters, and none of special tokens', () => {
    const text = ' naïve 😀 “no”, 日本語\n'
    expect(bytesOf(tokenizer, tokenizer.encode(text)).toString()).toBe(text)
    expect(tokenizer.tokenBytes(0)).toHaveLength(0)
    expect(() => tokenizer.tokenBytes(5000)).toThrow('5000')
  })

  it('keeps the space that the first token loses, and reads tokens of one byte', () => {
    const tokens = readTokenizer(llama)
    const text = 'a 😀'
    expect(bytesOf(tokens, tokens.encode(text)).toString()).toBe(` ${text}`)
    expect([...tokens.tokenBytes(tokens.tokenToId('<0xF0>')!)]).toEqual([0xf0])
    const pieces = readTokenizer(words)
    expect(bytesOf(pieces, [4, 5]).toString()).toBe(' cafes')
  })
})
