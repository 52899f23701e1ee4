import { describe, expect, it } from 'vitest'

import { TokenIdError, TokenizerArgumentError } from './errors.js'
import { readJson, readText } from './testing/files.js'
import { tinyTokenizerFile } from './testing/tokenizer-file.js'
import { readTokenizer } from './testing/read-tokenizer.js'

const novels = readTokenizer(readText('models/novels-7m/tokenizer.json'))
const tiny = readTokenizer(tinyTokenizerFile())

describe('Tokenizer on the bundled model', () => {
  interface Greedy {
    readonly prompt: string
    readonly prompt_ids: readonly number[]
    readonly greedy_ids: readonly number[]
    readonly text: string
  }
  const { greedy } = readJson('models/novels-7m/reference.json') as { greedy: readonly Greedy[] }

  it.each(greedy)('gives the ids the model was prompted with: $prompt', ({ prompt, prompt_ids, greedy_ids, text }) => {
    expect([0, ...novels.encode(prompt)]).toEqual(prompt_ids)
    expect(novels.decode(greedy_ids)).toBe(text)
  })

  it('names its tokens', () => {
    expect(novels.vocabularySize).toBe(4096)
    expect([...novels.specialTokens]).toEqual([['<|endoftext|>', 0]])
    expect(novels.tokenToId('Ġthe')).toBe(263)
    expect(novels.idToToken(263)).toBe('Ġthe')
    expect(novels.tokenToId('no such token')).toBeUndefined()
  })

  it('gives back every text it can hold, whatever the script', () => {
    const text = 'Naïve — 日本語 🤚🏾 \ufeffBOM\u0085\r\n\0 <|endoftext|> end  '
    expect(novels.decode(novels.encode(text))).toBe(text)
  })
})

describe('Tokenizer.encode', () => {
  it('reads special tokens as text when told to', () => {
    expect([...novels.encode('<|endoftext|>')]).toEqual([0])
    const ids = novels.encode('<|endoftext|>', { parseSpecialTokens: false })
    expect([...ids]).not.toContain(0)
    expect(novels.decode(ids)).toBe('<|endoftext|>')
  })

  it('replaces lone surrogates by U+FFFD, as UTF-8 encoders do', () => {
    expect(novels.encode('a\ud800b\udc00')).toEqual(novels.encode('a\ufffdb\ufffd'))
    expect(novels.encode('\ud83d\ude00')).not.toEqual(novels.encode('\ufffd\ufffd'))
  })

  it('gives the same ids again once pieces are known', () => {
    const text = 'The same words, the same words, and 日本語 as well. '.repeat(20)
    expect(novels.encode(text)).toEqual(novels.encode(text))
  })

  it('does not depend on what it encoded before', () => {
    const fresh = readTokenizer(tinyTokenizerFile())
    // Past the number of pieces the cache keeps, so that it starts over.
    let flood = ''
    for (let i = 0; i < 90_000; i++)
      flood += ` ${i.toString(3).replaceAll('0', 'a').replaceAll('1', 'b').replaceAll('2', 'c')}`
    fresh.encode(flood)
    expect(fresh.encode(' ab abc cab')).toEqual(tiny.encode(' ab abc cab'))
  })

  it('refuses what is not a string and options it does not know', () => {
    expect(() => tiny.encode(7 as never)).toThrow(TokenizerArgumentError)
    expect(() => tiny.encode('a', { addBos: true } as never)).toThrow(
      'encode: options.addBos: expected one of addSpecialTokens, parseSpecialTokens, got an unknown option.',
    )
    expect(() => tiny.encode('a', { addSpecialTokens: 1 } as never)).toThrow(TokenizerArgumentError)
    expect([...tiny.encode('ab', { addSpecialTokens: undefined })]).toEqual([5])
  })
})

describe('Tokenizer.decode', () => {
  it('takes arrays and typed arrays, also empty ones', () => {
    expect(tiny.decode([])).toBe('')
    expect(tiny.decode(new Uint16Array([5, 6]))).toBe('ab ab')
    expect(tiny.decode(Int32Array.of(1, 2, 3))).toBe('abc')
  })

  it('leaves special tokens out on request', () => {
    expect(tiny.decode([0, 5, 0])).toBe('<end>ab<end>')
    expect(tiny.decode([0, 5, 0], { skipSpecialTokens: true })).toBe('ab')
  })

  it.each([[-1], [7], [1.5], [Number.NaN], ['1'], [2 ** 32]])('refuses %s, which is no id', (id) => {
    expect(() => tiny.decode([1, id as number])).toThrow(TokenIdError)
    expect(() => tiny.idToToken(id as number)).toThrow(TokenIdError)
    expect(() => tiny.createDecodeStream().push(id as number)).toThrow(TokenIdError)
  })

  it('says where the bad id stands', () => {
    expect(() => tiny.decode([1, 9])).toThrow('token id at index 1: expected an integer from 0 to 6, got 9.')
    expect(() => tiny.decode('12' as never)).toThrow(TokenizerArgumentError)
    expect(() => tiny.decode(undefined as never)).toThrow(TokenizerArgumentError)
  })
})
