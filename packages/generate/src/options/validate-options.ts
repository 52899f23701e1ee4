/** Checks options before anything runs: an unknown name, a wrong type and a value out of range are all errors. */
import { GenerateArgumentError } from '../errors.js'
import { defaultOptions, type GenerateOptions, type GenerateSettings } from './generate-options.js'
import { requireNames } from './require-names.js'

type NumberName = keyof typeof defaultOptions

interface Range {
  readonly expected: string
  readonly holds: (value: number) => boolean
}

const count: Range = {
  expected: 'an integer of at least 0',
  holds: (value) => Number.isSafeInteger(value) && value >= 0,
}

const ranges: Readonly<Record<NumberName, Range>> = {
  maxTokens: count,
  temperature: between(0, 100),
  topK: count,
  topP: { expected: 'a number above 0 and up to 1', holds: (value) => value > 0 && value <= 1 },
  minP: { expected: 'a number from 0 and below 1', holds: (value) => value >= 0 && value < 1 },
  repetitionPenalty: { expected: 'a number above 0 and up to 10', holds: (value) => value > 0 && value <= 10 },
  frequencyPenalty: between(-2, 2),
  presencePenalty: between(-2, 2),
}

const otherNames = ['logitBias', 'seed', 'stop', 'stopIds', 'logprobs', 'signal']
/** Names of all options. */
export const optionNames: readonly string[] = [...Object.keys(ranges), ...otherNames]
const maxStops = 16
const maxStopLength = 1024
const maxLogprobs = 100

/** The complete settings, or a GenerateArgumentError. Options that are undefined count as not given. */
export function validateOptions(options: GenerateOptions, vocabSize: number): GenerateSettings {
  requireNames(options, optionNames)
  const numbers = Object.entries(defaultOptions).map(([name, value]) => [
    name,
    numberOf(options, name as NumberName, value),
  ])
  return {
    ...(Object.fromEntries(numbers) as Record<NumberName, number>),
    logitBias: biasesOf(options.logitBias, vocabSize),
    seed: seedOf(options.seed),
    stop: stopsOf(options.stop),
    stopIds: stopIdsOf(options.stopIds, vocabSize),
    logprobs: logprobsOf(options.logprobs, vocabSize),
    signal: signalOf(options.signal),
  }
}

function numberOf(options: GenerateOptions, name: NumberName, otherwise: number): number {
  const value: unknown = options[name]
  if (value === undefined) return otherwise
  const { expected, holds } = ranges[name]
  if (typeof value === 'number' && holds(value)) return value
  throw new GenerateArgumentError({ argument: name, expected, actual: value })
}

function biasesOf(value: unknown, vocabSize: number): Map<number, number> {
  if (value === undefined) return new Map()
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GenerateArgumentError({ argument: 'logitBias', expected: 'an object of ids and numbers', actual: value })
  }
  return new Map(Object.entries(value).map(([key, bias]) => [idOfKey(key, vocabSize), biasOf(key, bias)]))
}

// an id as JSON writes it, and nothing that Number() would also read, such as "" or "1e3"
function idOfKey(key: string, vocabSize: number): number {
  return requireId('logitBias', /^(0|[1-9]\d{0,15})$/.test(key) ? Number(key) : key, vocabSize)
}

function biasOf(key: string, bias: unknown): number {
  const { expected, holds } = between(-100, 100)
  if (typeof bias === 'number' && holds(bias)) return bias
  throw new GenerateArgumentError({ argument: `logitBias[${key}]`, expected, actual: bias })
}

function seedOf(value: unknown): number {
  if (value === undefined) return randomSeed()
  if (typeof value === 'number' && count.holds(value)) return value
  throw new GenerateArgumentError({ argument: 'seed', expected: 'an integer from 0 to 2^53 - 1', actual: value })
}

function randomSeed(): number {
  const [low, high] = crypto.getRandomValues(new Uint32Array(2))
  return (high >>> 11) * 2 ** 32 + low
}

function stopsOf(value: unknown): string[] {
  if (value === undefined) return []
  const stops: unknown[] = Array.isArray(value) ? value : [value]
  if (stops.length > maxStops) {
    throw new GenerateArgumentError({ argument: 'stop', expected: `up to ${maxStops} strings`, actual: stops.length })
  }
  return stops.map((stop) => {
    // a lone surrogate would cut a character of the text in two
    if (typeof stop === 'string' && stop !== '' && stop.length <= maxStopLength && !/\p{Surrogate}/u.test(stop))
      return stop
    const expected = `well-formed strings of 1 to ${maxStopLength} characters`
    throw new GenerateArgumentError({ argument: 'stop', expected, actual: stop })
  })
}

function stopIdsOf(value: unknown, vocabSize: number): Set<number> {
  if (value === undefined) return new Set()
  if (!Array.isArray(value)) {
    throw new GenerateArgumentError({ argument: 'stopIds', expected: 'an array of ids', actual: value })
  }
  const ids: unknown[] = value
  return new Set(ids.map((id) => requireId('stopIds', id, vocabSize)))
}

function logprobsOf(value: unknown, vocabSize: number): number | undefined {
  const highest = Math.min(maxLogprobs, vocabSize)
  if (value === undefined) return undefined
  if (typeof value === 'number' && count.holds(value) && value <= highest) return value
  throw new GenerateArgumentError({ argument: 'logprobs', expected: `an integer from 0 to ${highest}`, actual: value })
}

function signalOf(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined
  if (typeof (value as AbortSignal | null)?.throwIfAborted === 'function') return value as AbortSignal
  throw new GenerateArgumentError({ argument: 'signal', expected: 'an AbortSignal', actual: value })
}

/** The id itself, or a GenerateArgumentError if the vocabulary does not have it. */
export function requireId(argument: string, id: unknown, vocabSize: number): number {
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < vocabSize) return id
  throw new GenerateArgumentError({ argument, expected: `ids from 0 to ${vocabSize - 1}`, actual: id })
}

function between(lowest: number, highest: number): Range {
  return {
    expected: `a number from ${lowest} to ${highest}`,
    holds: (value) => value >= lowest && value <= highest,
  }
}
