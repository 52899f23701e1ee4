/** The inputs of a `decode` program, from rules as a caller has them. */
import type { Graph } from '../contract/graph.js'
import type { NamedTensors, TensorData } from '../contract/tensor.js'
import { ArgumentError } from '../errors/argument-error.js'
import { ruleNames } from '../ops/sample.js'
import { type DecodeOptions, mostStopIds } from './graphs.js'

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

export interface DecodeRow {
  readonly token: number
  readonly settings: SamplingSettings
  /** Tokens to draw at most, 1 or more; then the row is over, and has taken in all of them but the last. Default: all that are asked for. */
  readonly limit?: number
  /** Ids after which the row is over likewise, up to `mostStopIds`. Default: none. */
  readonly stopIds?: readonly number[]
}

/** Throws ArgumentError for ends that a row cannot have. */
export function checkEnds({ limit = 1, stopIds = [] }: DecodeRow): void {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new ArgumentError({ argument: 'limit', expected: 'a whole number of at least 1', actual: limit })
  }
  if (stopIds.length > mostStopIds) {
    throw new ArgumentError({ argument: 'stopIds', expected: `at most ${mostStopIds} ids`, actual: stopIds.length })
  }
}

/** Those that the row has drawn before it was over. */
export function untilEnd(ids: Int32Array, { limit = ids.length, stopIds = [] }: DecodeRow): Int32Array {
  const last = ids.findIndex((id) => stopIds.includes(id))
  return ids.subarray(0, Math.min(limit, last < 0 ? ids.length : last + 1))
}

/** Outputs that a program takes in again when it draws several tokens. */
export function decodeCarry({ history }: DecodeOptions): Record<string, string> {
  return { token: 'token', mask: 'mask', ends: 'ends', ...(history && { history: 'history' }) }
}

/** What the rules need of the graph: a large input that none of them reads is left out. */
export function decodeOptionsOf(all: readonly SamplingSettings[]): Required<DecodeOptions> {
  return { history: all.some(penalises), bias: all.some(({ logitBias }) => logitBias.size > 0) }
}

/** Ids that the rules speak of. */
export function idsOf(settings: SamplingSettings): number[] {
  const { seen, output } = settings.history
  return [...settings.logitBias.keys(), ...(penalises(settings) ? [...seen, ...output.keys()] : [])]
}

function penalises({ repetitionPenalty, frequencyPenalty, presencePenalty }: SamplingSettings): boolean {
  return repetitionPenalty !== 1 || frequencyPenalty !== 0 || presencePenalty !== 0
}

/** Null for a row that is masked. */
export function decodeInputs(graph: Graph, vocabSize: number, rows: readonly (DecodeRow | null)[]): NamedTensors {
  const integers = (each: (row: DecodeRow) => readonly number[], masked: readonly number[]) =>
    Int32Array.from(rows.flatMap((row) => (row ? each(row) : masked)))
  const tables = <Table extends TensorData>(table: Table, fill: (own: Table, settings: SamplingSettings) => void) => {
    rows.forEach((row, at) => {
      if (row) fill(table.subarray(at * vocabSize, (at + 1) * vocabSize) as Table, row.settings)
    })
    return table
  }
  const size = rows.length * vocabSize
  const all: Record<string, () => TensorData> = {
    token: () => integers(({ token }) => [token], [0]),
    mask: () => integers(() => [1], [0]),
    ends: () =>
      integers(
        endsOf,
        Array.from({ length: 1 + mostStopIds }, () => -1),
      ),
    rules: () => Float32Array.from(rows.flatMap((row) => rulesOf(row?.settings, vocabSize))),
    seed: () => integers(({ settings: { seed } }) => [seed | 0, Math.floor(seed / 2 ** 32)], [0, 0]),
    history: () => tables(new Int32Array(size), fillHistory),
    bias: () => tables(new Float32Array(size), fillBias),
  }
  return Object.fromEntries(graph.inputs.map(({ name }) => [name, all[name]()]))
}

const mostTokens = 2 ** 31 - 1

function endsOf({ limit = mostTokens, stopIds = [] }: DecodeRow): number[] {
  return [Math.min(limit, mostTokens), ...Array.from({ length: mostStopIds }, (_, at) => stopIds[at] ?? -1)]
}

/** The smallest temperature that float32 devices do not take for 0. */
const coldest = 1e-30

/** Greedy without a penalty for a masked row: nobody looks at what it draws. */
const neutral: Partial<Record<(typeof ruleNames)[number], number>> = { topP: 1, repetitionPenalty: 1 }

function rulesOf(settings: SamplingSettings | undefined, vocabSize: number): number[] {
  return ruleNames.map((name) => (settings ? ruleOf(settings, name, vocabSize) : (neutral[name] ?? 0)))
}

function ruleOf(settings: SamplingSettings, name: (typeof ruleNames)[number], vocabSize: number): number {
  // a larger k keeps all, as 0 does, and may be no float32
  if (name === 'topK') return settings.topK > vocabSize ? 0 : settings.topK
  if (name === 'temperature') return settings.temperature > 0 ? Math.max(settings.temperature, coldest) : 0
  return settings[name]
}

/** 0 for a token that has not occurred, else 1 + the times it was output. */
function fillHistory(all: Int32Array, { history: { seen, output } }: SamplingSettings): void {
  for (const id of seen) all[id] = 1
  for (const [id, times] of output) all[id] = 1 + times
}

function fillBias(all: Float32Array, { logitBias }: SamplingSettings): void {
  for (const [id, bias] of logitBias) all[id] = bias
}
