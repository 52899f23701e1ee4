/** The options of training, under the names users of Hugging Face's `BpeTrainer` know, and the check that each makes sense. */
import { TokenizerArgumentError } from '../errors.js'
import { describe } from '../reading/describe.js'
import { isWellFormed } from '../reading/well-formed.js'

export interface TrainingProgress {
  /** `read` counts the texts taken in (no total is known), `merge` the tokens of the vocabulary. */
  readonly phase: 'read' | 'merge'
  readonly done: number
  readonly total?: number
}

/** How text is cut into words, which no token crosses. */
export type SplitPattern = 'gpt2' | 'llama3' | 'qwen2'

export interface BpeTrainingOptions {
  /** Most tokens, special ones and alphabet included. Default 30,000. The alphabet is kept whole even where it is larger. */
  readonly vocabSize?: number
  /** Merge only pairs that occur at least so often. Default 0: all. */
  readonly minFrequency?: number
  /** Tokens that take the first ids, in this order. */
  readonly specialTokens?: readonly string[]
  /** Characters to have even if the text lacks them. Default: the 256 bytes if `byteLevel`, else none. */
  readonly initialAlphabet?: readonly string[]
  /** Most characters of the alphabet: the rarest go, and with them every place where they stand. Default: no limit. */
  readonly limitAlphabet?: number
  /** Most characters of a token (bytes if `byteLevel`). Default: no limit. */
  readonly maxTokenLength?: number
  /** Put before each character that does not begin a word, such as `##`. Needs `byteLevel: false`. */
  readonly continuingSubwordPrefix?: string
  /** Put behind the last character of a word, such as `</w>`. Needs `byteLevel: false`. */
  readonly endOfWordSuffix?: string
  /** Tokens over bytes, so that any text can be written (GPT-2). Default true. False: over characters, words by `\w+|[^\w\s]+`. */
  readonly byteLevel?: boolean
  /** Default `gpt2`. Needs `byteLevel`. */
  readonly pattern?: SplitPattern
  /** Put a space before each text that does not begin with one. Default false. Needs `byteLevel`. */
  readonly addPrefixSpace?: boolean
  /** Unicode form into which text is brought first. Default null: none. */
  readonly normalizer?: 'NFC' | 'NFD' | 'NFKC' | 'NFKD' | null
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: TrainingProgress) => void
}

export interface CheckedOptions {
  readonly vocabSize: number
  readonly minFrequency: number
  readonly specialTokens: readonly string[]
  readonly initialAlphabet: readonly string[] | undefined
  readonly limitAlphabet: number
  readonly maxTokenLength: number
  readonly continuingSubwordPrefix: string
  readonly endOfWordSuffix: string
  readonly byteLevel: boolean
  readonly pattern: SplitPattern
  readonly addPrefixSpace: boolean
  readonly normalizer: 'NFC' | 'NFD' | 'NFKC' | 'NFKD' | null
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: TrainingProgress) => void) | undefined
}

/** Ids of more tokens than this are no longer exact in the trainer; the largest published vocabularies have about a million. */
const MOST_TOKENS = 1 << 22

type Check = readonly [expected: string, holds: (value: unknown) => boolean]

const wholeNumber = (least: number, most: number): Check => [
  `a whole number from ${least} to ${most}`,
  (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
]
const oneOf = (...values: readonly unknown[]): Check => [
  `one of ${values.map(describe).join(', ')}`,
  (value) => values.includes(value),
]
const isText = (value: unknown): boolean => typeof value === 'string' && isWellFormed(value)
const flag: Check = ['true or false', (value) => typeof value === 'boolean']
const text: Check = ['a string without lone surrogates', isText]
const listOf = (what: string, holds: (value: string) => boolean): Check => [
  `a list of ${what}`,
  (value) => Array.isArray(value) && value.every((each) => isText(each) && holds(each as string)),
]

const CHECKS: Readonly<Record<keyof CheckedOptions, Check>> = {
  vocabSize: wholeNumber(1, MOST_TOKENS),
  minFrequency: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  specialTokens: listOf('strings that are not empty', (token) => token !== ''),
  initialAlphabet: listOf('single characters', (character) => Array.from(character).length === 1),
  limitAlphabet: wholeNumber(1, MOST_TOKENS),
  maxTokenLength: wholeNumber(1, MOST_TOKENS),
  continuingSubwordPrefix: text,
  endOfWordSuffix: text,
  byteLevel: flag,
  pattern: oneOf('gpt2', 'llama3', 'qwen2'),
  addPrefixSpace: flag,
  normalizer: oneOf(null, 'NFC', 'NFD', 'NFKC', 'NFKD'),
  signal: ['an AbortSignal', (value) => value instanceof AbortSignal],
  onProgress: ['a function', (value) => typeof value === 'function'],
}

const DEFAULTS: CheckedOptions = {
  vocabSize: 30_000,
  minFrequency: 0,
  specialTokens: [],
  initialAlphabet: undefined,
  limitAlphabet: Number.POSITIVE_INFINITY,
  maxTokenLength: Number.POSITIVE_INFINITY,
  continuingSubwordPrefix: '',
  endOfWordSuffix: '',
  byteLevel: true,
  pattern: 'gpt2',
  addPrefixSpace: false,
  normalizer: null,
  signal: undefined,
  onProgress: undefined,
}

/** The options over their defaults. An unknown name, a wrong value or two that exclude each other throw `TokenizerArgumentError`. */
export function checkOptions(options: BpeTrainingOptions): CheckedOptions {
  for (const [name, value] of Object.entries(options)) {
    const argument = `trainBpe: options.${name}`
    if (!Object.hasOwn(CHECKS, name)) {
      throw new TokenizerArgumentError(argument, `one of ${Object.keys(CHECKS).join(', ')}`, 'an unknown option')
    }
    const [expected, holds] = CHECKS[name as keyof CheckedOptions]
    if (value !== undefined && !holds(value)) throw new TokenizerArgumentError(argument, expected, describe(value))
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const checked: CheckedOptions = { ...DEFAULTS, ...given }
  const idle = checked.byteLevel ? ['continuingSubwordPrefix', 'endOfWordSuffix'] : ['pattern', 'addPrefixSpace']
  for (const name of idle as (keyof CheckedOptions)[]) {
    if (checked[name] === DEFAULTS[name]) continue
    const expected = `nothing with byteLevel: ${checked.byteLevel}`
    throw new TokenizerArgumentError(`trainBpe: options.${name}`, expected, describe(checked[name]))
  }
  return checked
}
