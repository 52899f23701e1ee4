import { type GraphBuilder, accept, sample } from '@retnet/core'
import type { CaseBody, CasesOf } from '../case.js'
import { type MakeValues, ids, listed, targets, uniform } from '../values/make.js'

/** temperature, topK, topP, minP, repetition, frequency and presence penalty */
type Rules = readonly [number, number, number, number, number, number, number]

const plain: Rules = [1, 0, 1, 0, 1, 0, 0]

/** Draws that differ in everything from row to row; the place of a draw may be anywhere. */
function drawCase(name: string, shape: readonly [number, number], rules: readonly Rules[], rest: Rest = {}): CaseBody {
  const { logits = uniform(-4, 4), history, bias } = rest
  return {
    name,
    build: (g: GraphBuilder) => ({
      drawn: sample({
        logits: g.input('logits', shape),
        rules: g.input('rules', [shape[0], 7]),
        seed: g.input('seed', [shape[0], 2], 'i32'),
        index: g.input('index', [shape[0]], 'i32'),
        history: history && g.input('history', shape, 'i32'),
        bias: bias && g.input('bias', shape),
      }),
    }),
    values: {
      logits,
      rules: listed(...rules.flat()),
      seed: listed(7, 0, -1, 0x1fffff, 123_456_789, 5),
      index: listed(0, 5, 1000, 2 ** 31 - 1),
      ...(history && { history }),
      ...(bias && { bias }),
    },
    by: [],
  }
}

interface Rest {
  readonly logits?: MakeValues
  readonly history?: MakeValues
  readonly bias?: MakeValues
}

const widths = [1, 63, 129, 1000, 4099]
const temperatures: readonly Rules[] = [0, 0.7, 1, 2.5].map((temperature) => [temperature, 0, 1, 0, 1, 0, 0])
const cuts: readonly Rules[] = [
  [1, 5, 1, 0, 1, 0, 0],
  [1, 0, 0.9, 0, 1, 0, 0],
  [1, 0, 1, 0.11, 1, 0, 0],
  [0.8, 40, 0.95, 0.05, 1, 0, 0],
  [3, 300, 0.99, 0, 1, 0, 0],
  [1, 1, 1, 0, 1, 0, 0],
  [1, 0, 1e-6, 0, 1, 0, 0],
  [1, 100_000, 0.6, 0.9, 1, 0, 0],
]
const penalties: readonly Rules[] = [
  [0, 0, 1, 0, 1.3, 0.4, 0.7],
  [1, 0, 1, 0, 5, 0, 0],
  [1, 0, 0.9, 0, 1, 2, 0],
  [0.9, 20, 1, 0, 0.5, -1.5, -2],
]
/** Some rows have one token left, some ids are among those that are drawn. */
const endings: MakeValues = (type, seed) => {
  const columns = type.shape[1]
  return targets(6)(type, seed).map((id, at) => (at % columns === 0 ? 1 + ((at / columns) % 3) : id))
}
const seen: MakeValues = (type, seed) => ids(4)(type, seed)
/** Few distinct logits, so that every cut falls among equal ones. */
const steps: MakeValues = (type, seed) => Float32Array.from(ids(5)(type, seed), (step) => step / 2)

/** Boundaries that lie exactly between equal tokens have to be exact numbers. */
const tied: readonly Rules[] = [
  [1, 5, 1, 0, 1, 0, 0],
  [1, 0, 0.5, 0, 1, 0, 0],
  [1, 64, 0.25, 0, 1, 0, 0],
  [1, 0, 1, 0.5, 1, 0, 0],
  [1, 0, 0.0078125, 0, 1, 0, 0],
  [0, 0, 1, 0, 1, 0, 0],
]

/** One number of 12 among small ones. */
const peak: MakeValues = (type, seed) => uniform(-1, 1)(type, seed).map((value, at) => (at % 331 === 7 ? 12 : value))

/** Two of three tokens have a logit that rules them out. */
function masked(value: number): MakeValues {
  return (type, seed) => uniform(-1, 1)(type, seed).map((logit, at) => (at % 3 ? value : logit))
}

export const sampleCases: CasesOf<'sample' | 'accept'> = {
  sample: [
    ...widths.map((width) => drawCase(`temperatures, [4, ${width}]`, [4, width], temperatures)),
    ...widths.map((width) => drawCase(`cuts, [8, ${width}]`, [8, width], cuts)),
    ...widths.map((width) =>
      drawCase(`penalties and bias, [4, ${width}]`, [4, width], penalties, { history: seen, bias: uniform(-2, 2) }),
    ),
    drawCase('every row another rule, [33, 129]', [33, 129], [...temperatures, ...cuts, ...penalties, plain], {
      history: seen,
    }),
    drawCase('bias alone', [4, 129], temperatures, { bias: uniform(-9, 9) }),
    drawCase('equal logits, cut by top-k and top-p', [6, 1000], tied, { logits: listed(0.5) }),
    drawCase('few distinct logits', [18, 1000], [...cuts, tied[0]], { logits: steps }),
    drawCase('one token far above the others', [8, 1000], cuts, { logits: peak }),
    drawCase('masked logits of -1e30', [4, 129], [cuts[0], cuts[1], cuts[2], temperatures[0]], {
      logits: masked(-1e30),
    }),
    drawCase('logits of -Infinity', [4, 129], [cuts[0], cuts[1], plain, temperatures[0]], {
      logits: masked(-Infinity),
    }),
    drawCase('large logits', [4, 129], temperatures, { logits: uniform(-3e38, 3e38) }),
    drawCase('a tiny temperature', [2, 129], [[1e-30, 0, 1, 0, 1, 0, 0]]),
    drawCase('rows from which nothing can be drawn', [5, 3], [plain, temperatures[0]], {
      logits: listed(0, NaN, 1, 0, Infinity, 1, -Infinity, -Infinity, -Infinity, 1, 2, 3, NaN, NaN, NaN),
    }),
  ],
  accept: [
    ...[1, 63, 129].map((rows) => acceptCase(`[${rows}], 3 ids to end with`, rows, 3, null)),
    ...[1, 63, 129].map((rows) => acceptCase(`[${rows}] with a history of ${rows + 1} tokens`, rows, 0, rows + 1)),
  ],
}

function acceptCase(name: string, rows: number, stops: number, vocabulary: number | null): CaseBody {
  return {
    name,
    build(g) {
      const [drawn, previous, mask] = ['drawn', 'previous', 'mask'].map((input) => g.input(input, [rows], 'i32'))
      const history = vocabulary === null ? null : g.input('history', [rows, vocabulary], 'i32')
      const next = accept({ drawn, previous, mask, ends: g.input('ends', [rows, 1 + stops], 'i32'), history })
      return { token: next.token, alive: next.mask, left: next.ends, ...(next.history && { next: next.history }) }
    },
    values: {
      drawn: targets(Math.min(4, rows + 1)),
      previous: ids(rows + 1),
      mask: listed(1, 1, 0, 1),
      ends: endings,
      ...(vocabulary && { history: seen }),
    },
    by: [],
  }
}
