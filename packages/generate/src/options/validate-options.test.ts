import { expect, test } from 'vitest'
import { GenerateArgumentError } from '../errors.js'
import { defaultOptions, type GenerateOptions } from './generate-options.js'
import { validateOptions } from './validate-options.js'

const vocabSize = 50

test('what is not given or undefined has the documented default', () => {
  expect(validateOptions({ temperature: undefined }, vocabSize)).toMatchObject({
    ...defaultOptions,
    stop: [],
    logprobs: undefined,
  })
})

test('a random seed is a number that can be given again', () => {
  const { seed } = validateOptions({}, vocabSize)
  expect(validateOptions({ seed }, vocabSize).seed).toBe(seed)
})

test.each([
  { maxTokens: 0 },
  { temperature: 0 },
  { temperature: 100 },
  { topK: 0 },
  { topK: 1e9 },
  { topP: 1 },
  { topP: Number.MIN_VALUE },
  { minP: 0 },
  { repetitionPenalty: 10 },
  { frequencyPenalty: -2 },
  { presencePenalty: 2 },
  { seed: 0 },
  { seed: 2 ** 53 - 1 },
  { stop: 'x' },
  { stop: Array.from({ length: 16 }, () => 'x') },
  { stop: '😀' },
  { stopIds: [0, vocabSize - 1] },
  { logitBias: { 0: -100, 49: 100 } },
  { logprobs: 0 },
  { logprobs: vocabSize },
  { signal: new AbortController().signal },
] as GenerateOptions[])('accepts %j', (options) => {
  expect(() => validateOptions(options, vocabSize)).not.toThrow()
})

const refused: [options: object, argument: string][] = [
  [{ max_tokens: 5 }, 'options'],
  [{ toString: 1 }, 'options'],
  [[], 'options'],
  ...[-1, 1.5, NaN, Infinity, 2 ** 53, '1', null].map((value): [object, string] => [{ maxTokens: value }, 'maxTokens']),
  ...[-1e-9, 100.1, NaN, Infinity, '0'].map((value): [object, string] => [{ temperature: value }, 'temperature']),
  ...[0, 1.0001, -1, NaN].map((value): [object, string] => [{ topP: value }, 'topP']),
  ...[-5, 0.5].map((value): [object, string] => [{ topK: value }, 'topK']),
  ...[1, 2, -0.1].map((value): [object, string] => [{ minP: value }, 'minP']),
  ...[0, -1, 10.5, 1e9].map((value): [object, string] => [{ repetitionPenalty: value }, 'repetitionPenalty']),
  ...[-2.1, 1e9].map((value): [object, string] => [{ frequencyPenalty: value }, 'frequencyPenalty']),
  [{ presencePenalty: 2.1 }, 'presencePenalty'],
  ...[-1, 2 ** 64, 0.5].map((value): [object, string] => [{ seed: value }, 'seed']),
  ...['', ['x', ''], [1], Array.from({ length: 17 }, () => 'x'), 'x'.repeat(1025), '\ud83d', null].map(
    (value): [object, string] => [{ stop: value }, 'stop'],
  ),
  ...[[vocabSize], [-1], [0.5], ['1'], 3].map((value): [object, string] => [{ stopIds: value }, 'stopIds']),
  ...['AI', '-1', '1e1', '', '01', '50', '99999999999999999999'].map((key): [object, string] => [
    { logitBias: { [key]: 1 } },
    'logitBias',
  ]),
  ...[Infinity, -Infinity, NaN, 100.5, '1'].map((value): [object, string] => [
    { logitBias: { 3: value } },
    'logitBias[3]',
  ]),
  [{ logitBias: [] }, 'logitBias'],
  ...[-1, vocabSize + 1, true].map((value): [object, string] => [{ logprobs: value }, 'logprobs']),
  [{ signal: {} }, 'signal'],
]

test.each(refused)('refuses %j and names the argument', (options, argument) => {
  const validate = () => validateOptions(options, vocabSize)
  expect(validate).toThrow(GenerateArgumentError)
  expect(validate).toThrow(expect.objectContaining({ argument }))
})

test('the message says what was expected and what came', () => {
  expect(() => validateOptions({ topP: 0 }, vocabSize)).toThrow('topP: expected a number above 0 and up to 1, got 0.')
})
