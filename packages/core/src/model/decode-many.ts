/** The inputs of a `decode` program for one sequence, from rules as a caller has them. */
import type { Graph } from '../contract/graph.js'
import type { NamedTensors } from '../contract/tensor.js'
import { ArgumentError } from '../errors/argument-error.js'
import { ruleNames } from '../ops/sample.js'
import type { DecodeOptions } from './graphs.js'

/** How to draw tokens. The rules are those of `sample`. */
export interface SamplingSettings {
  readonly temperature: number
  /** 0: all. */
  readonly topK: number
  readonly topP: number
  readonly minP: number
  readonly repetitionPenalty: number
  readonly frequencyPenalty: number
  readonly presencePenalty: number
  readonly logitBias: ReadonlyMap<number, number>
  /** Integer from 0 to 2^53 - 1. */
  readonly seed: number
  readonly history: {
    /** Ids that occur in the text. */
    readonly seen: Iterable<number>
    /** How often each id occurs in what was generated. */
    readonly output: ReadonlyMap<number, number>
  }
}

type Check = readonly [expected: string, holds: (value: number) => boolean]

const positive: Check = ['a number above 0', (value) => value > 0 && value < Infinity]
const finite: Check = ['a finite number', Number.isFinite]
const count: Check = ['a whole number from 0 to 2^53 - 1', (value) => Number.isSafeInteger(value) && value >= 0]

const checks: Readonly<Record<(typeof ruleNames)[number] | 'seed', Check>> = {
  temperature: ['a number of at least 0', (value) => value >= 0 && value < Infinity],
  topK: count,
  topP: ['a number above 0 and up to 1', (value) => value > 0 && value <= 1],
  minP: ['a number from 0 and below 1', (value) => value >= 0 && value < 1],
  repetitionPenalty: positive,
  frequencyPenalty: finite,
  presencePenalty: finite,
  seed: count,
}

/** Throws ArgumentError at the first number out of range. */
export function checkSampling(settings: SamplingSettings): void {
  for (const [argument, [expected, holds]] of Object.entries(checks)) {
    const actual = settings[argument as keyof typeof checks]
    if (!holds(actual)) throw new ArgumentError({ argument, expected, actual })
  }
}

/** What the rules need of the graph: a large input that none of them reads is left out. */
export function decodeOptionsOf(settings: SamplingSettings): Required<DecodeOptions> {
  const { repetitionPenalty, frequencyPenalty, presencePenalty, logitBias } = settings
  return {
    history: repetitionPenalty !== 1 || frequencyPenalty !== 0 || presencePenalty !== 0,
    bias: logitBias.size > 0,
  }
}

export function decodeInputs(graph: Graph, vocabSize: number, token: number, settings: SamplingSettings): NamedTensors {
  const all: Record<string, () => NamedTensors[string]> = {
    token: () => Int32Array.of(token),
    mask: () => Int32Array.of(1),
    rules: () => Float32Array.from(ruleNames, (name) => ruleOf(settings, name, vocabSize)),
    seed: () => Int32Array.of(settings.seed | 0, Math.floor(settings.seed / 2 ** 32)),
    history: () => historyOf(settings, vocabSize),
    bias: () => biasOf(settings, vocabSize),
  }
  return Object.fromEntries(graph.inputs.map(({ name }) => [name, all[name]()]))
}

/** The smallest temperature that float32 devices do not take for 0. */
const coldest = 1e-30

function ruleOf(settings: SamplingSettings, name: (typeof ruleNames)[number], vocabSize: number): number {
  // a larger k keeps all, as 0 does, and may be no float32
  if (name === 'topK') return settings.topK > vocabSize ? 0 : settings.topK
  if (name === 'temperature') return settings.temperature > 0 ? Math.max(settings.temperature, coldest) : 0
  return settings[name]
}

/** 0 for a token that has not occurred, else 1 + the times it was output. */
function historyOf({ history: { seen, output } }: SamplingSettings, vocabSize: number): Int32Array {
  const all = new Int32Array(vocabSize)
  for (const id of seen) all[id] = 1
  for (const [id, times] of output) all[id] = 1 + times
  return all
}

function biasOf({ logitBias }: SamplingSettings, vocabSize: number): Float32Array {
  const all = new Float32Array(vocabSize)
  for (const [id, bias] of logitBias) all[id] = bias
  return all
}
