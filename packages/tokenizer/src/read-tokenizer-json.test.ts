import { describe, expect, it } from 'vitest'

import { TokenizerFormatError, UnsupportedTokenizerError } from './errors.js'
import { setAt, tinyTokenizerFile } from './testing/tokenizer-file.js'
import { readTokenizer } from './testing/read-tokenizer.js'

/** The tiny file with other values at some paths. */
function text(changes: Record<string, unknown>): string {
  const file = tinyTokenizerFile()
  for (const [path, value] of Object.entries(changes)) setAt(file, path, value)
  return JSON.stringify(file)
}

const farAway = { ...tinyTokenizerFile().added_tokens[0], content: 'z', id: 99 }

function byteModel(token: string): unknown {
  return { type: 'BPE', vocab: { a: 0, [token]: 1 }, merges: [], byte_fallback: true }
}

const unigramBytes = {
  type: 'Unigram',
  unk_id: 0,
  vocab: [
    ['a', 0],
    ['<0x-1>', -1],
  ],
  byte_fallback: true,
}

const byteLevelOnly = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }

function splitBy(Regex: string): unknown {
  return { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }
}

// What is wrong, where it is put, where the error must point.
const broken: [string, string, unknown, string][] = [
  ['a merge of a missing left token', 'model.merges.2', ['x', 'b'], 'model.merges[2]'],
  ['a merge of a missing right token', 'model.merges.2', ['a', 'x'], 'model.merges[2]'],
  ['a merge into a missing token', 'model.merges.2', ['b', 'a'], 'model.merges[2]'],
  ['a merge of three', 'model.merges.2', ['a', 'b', 'c'], 'model.merges[2]'],
  ['a merge in one word', 'model.merges.2', 'ab', 'model.merges[2]'],
  ['a merge of objects', 'model.merges.2', [{ toString: 1 }, 'a'], 'model.merges[2]'],
  ['merges that are an object', 'model.merges', {}, 'model.merges'],
  ['an id used twice', 'model.vocab.b', 1, 'token "b"'],
  ['a gap in the ids', 'model.vocab.Ġab', 9, 'token "Ġab"'],
  ['an id that is a string', 'model.vocab.a', '1', 'model.vocab["a"]'],
  ['a negative id', 'model.vocab.a', -1, 'model.vocab["a"]'],
  ['a huge id', 'model.vocab.a', 2 ** 40, 'token "a"'],
  ['a token with half a surrogate pair', 'model.vocab.\ud800', 7, 'model.vocab["\\ud800"]'],
  ['an empty vocabulary', 'model.vocab', {}, 'model.vocab'],
  ['a vocabulary that is a list', 'model.vocab', [], 'model.vocab'],
  ['no vocabulary', 'model.vocab', undefined, 'model.vocab'],
  ['no model', 'model', undefined, 'model'],
  ['an unknown token without an entry', 'model.unk_token', '<unk>', 'model.unk_token'],
  ['an added token with another id', 'added_tokens.0.id', 1, 'added_tokens[0].id'],
  ['an added token far away', 'added_tokens.1', farAway, 'token "z"'],
  ['an added token without its flags', 'added_tokens.0.lstrip', undefined, 'added_tokens[0].lstrip'],
  ['an empty added token', 'added_tokens.0.content', '', 'added_tokens[0].content'],
  [
    'an id of no token around texts',
    'post_processor',
    { type: 'BertProcessing', cls: ['', 7], sep: ['', 1] },
    'post_processor',
  ],
  [
    'a template without a text',
    'post_processor',
    { type: 'TemplateProcessing', single: [], special_tokens: {} },
    'post_processor.single',
  ],
  ['no version', 'version', undefined, 'version'],
  ['truncation that cuts all', 'truncation', { max_length: -1 }, 'truncation.max_length'],
  ['padding with no token', 'padding', { strategy: 'BatchLongest', pad_id: 7 }, 'padding.pad_id'],
  ['Unigram without scores', 'model', { type: 'Unigram', unk_id: 0, vocab: [['a']] }, 'model.vocab[0][1]'],
  [
    'Unigram with a token twice',
    'model',
    {
      type: 'Unigram',
      unk_id: 0,
      vocab: [
        ['a', 0],
        ['a', 0],
      ],
    },
    'model.vocab[1]',
  ],
  ['Unigram without unknown', 'model', { type: 'Unigram', unk_id: 9, vocab: [['a', 0]] }, 'model.unk_id'],
  ['WordPiece without unknown', 'model', { type: 'WordPiece', unk_token: '?', vocab: { a: 0 } }, 'model.unk_token'],
  ['WordLevel without unknown', 'model', { type: 'WordLevel', unk_token: '?', vocab: { a: 0 } }, 'model.unk_token'],
  ['a byte token that is no byte', 'model', byteModel('<0x-1>'), 'model.vocab["<0x-1>"]'],
  [
    'a character map that is not base64',
    'normalizer',
    { type: 'Precompiled', precompiled_charsmap: '!' },
    'normalizer',
  ],
  ['a character map too short', 'normalizer', { type: 'Precompiled', precompiled_charsmap: '////fw' }, 'normalizer'],
  ['a byte token of Unigram that is no byte', 'model', unigramBytes, 'model.vocab["<0x-1>"]'],
  ['a pattern that does not end', 'pre_tokenizer', splitBy('(a'), 'pre_tokenizer.pattern.Regex'],
  ['a replacement of nothing', 'normalizer', { type: 'Replace', pattern: { String: '' }, content: 'x' }, 'normalizer'],
]

const unsupported: [string, string, unknown, string][] = [
  ['a model of the future', 'model.type', 'WordSalad', 'model.type'],
  ['dropout', 'model.dropout', 0.1, 'model.dropout'],
  ['a field of the model it has not heard of', 'model.novelty', 1, 'model.novelty'],
  ['a field of the file it has not heard of', 'novelty', 1, 'novelty'],
  ['a later version', 'version', '2.0', 'version'],
  ['a normalizer of the future', 'normalizer', { type: 'Rhyme' }, 'normalizer.type'],
  ['a setting of a normalizer it has not heard of', 'normalizer', { type: 'NFC', novelty: 1 }, 'normalizer.novelty'],
  ['a pre-tokenizer of the future', 'pre_tokenizer', { type: 'Rhyme' }, 'pre_tokenizer.type'],
  ['a pattern that refers back to a group', 'pre_tokenizer', splitBy('(a)\\1'), 'pre_tokenizer.pattern.Regex'],
  ['a pattern that grows too large', 'pre_tokenizer', splitBy('(a{1000}){1000}'), 'pre_tokenizer.pattern.Regex'],
  ['a decoder of the future', 'decoder', { type: 'Rhyme' }, 'decoder.type'],
]

describe('Tokenizer.fromJson', () => {
  it.each(broken)('refuses %s and says where', (_, path, value, where) => {
    const file = text({ [path]: value })
    expect(() => readTokenizer(file)).toThrow(TokenizerFormatError)
    expect(() => readTokenizer(file)).toThrow(`tokenizer.json: ${where}`)
  })

  it.each(unsupported)('does not pretend to know %s', (_, path, value, where) => {
    const file = text({ [path]: value })
    expect(() => readTokenizer(file)).toThrow(UnsupportedTokenizerError)
    expect(() => readTokenizer(file)).toThrow(`tokenizer.json: ${where}`)
  })

  it.each([['{'], ['[]'], ['null'], ['"text"'], ['']])('refuses %j as a file', (file) => {
    expect(() => readTokenizer(file)).toThrow(TokenizerFormatError)
  })

  it('refuses sequences in sequences, too deep', () => {
    const open = '{"type":"Sequence","normalizers":['.repeat(1000)
    const deep = text({ normalizer: 'here' }).replace('"here"', () => `${open}{"type":"NFC"}${']}'.repeat(1000)}`)
    expect(() => readTokenizer(deep)).toThrow(TokenizerFormatError)
  })

  it('refuses a sequence that holds itself', () => {
    const normalizers: unknown[] = []
    const normalizer = { type: 'Sequence', normalizers }
    normalizers.push(normalizer)
    expect(() => readTokenizer({ ...tinyTokenizerFile(), normalizer })).toThrow(TokenizerFormatError)
  })

  it('refuses ten million merges or tokens before it reads them', () => {
    const file = tinyTokenizerFile()
    file.model.merges = Array.from({ length: 1e7 })
    expect(() => readTokenizer(file)).toThrow('at most 4194304 merges, got a list of 10000000')
    const unigram = { ...file, model: { type: 'Unigram', unk_id: 0, vocab: Array.from({ length: 1e7 }) } }
    expect(() => readTokenizer(unigram)).toThrow('model.vocab: expected 1 to 4194304 tokens, got a list of 10000000')
  })

  it('takes a pattern that others run forever on, as it does not here', () => {
    const file = text({ pre_tokenizer: { type: 'Sequence', pretokenizers: [splitBy('(a+)+$|b'), byteLevelOnly] } })
    expect(readTokenizer(file).encode(`${'a'.repeat(1000)}c`)).toHaveLength(1001)
  })

  it('takes tokens named like parts of an object', () => {
    const vocab: unknown = JSON.parse('{"<end>":0,"a":1,"constructor":2,"__proto__":3}')
    const tokenizer = readTokenizer(text({ 'model.vocab': vocab, 'model.merges': [] }))
    expect(tokenizer.tokenToId('__proto__')).toBe(3)
    expect(tokenizer.tokenToId('toString')).toBeUndefined()
  })

  it('reads merges written as strings like merges written as pairs', () => {
    const strings = readTokenizer(text({ 'model.merges': ['a b', 'Ġ ab'] }))
    expect([...strings.encode(' abcab')]).toEqual([6, 3, 5])
    expect([...readTokenizer(text({})).encode(' abcab')]).toEqual([6, 3, 5])
  })

  it('lets the later of two merges of one pair hold', () => {
    const vocab = { '<end>': 0, a: 1, b: 2, c: 3, ab: 4, bc: 5 }
    const merges = ['a b', 'b c', 'a b']
    expect([...readTokenizer(text({ 'model.vocab': vocab, 'model.merges': merges })).encode('abc')]).toEqual([1, 5])
  })
})
