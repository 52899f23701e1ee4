/**
 * Rules of states whose first axis counts rows: independent sequences that are read, written, copied and reset alone, on one program that
 * advances those of them that its mask names.
 */
import {
  type Backend,
  type NamedTensors,
  type RetentionForm,
  type State,
  add,
  positions,
  retention,
  trace,
} from '@retnet/core'
import { type ContractRule, requireRefusal } from './rule.js'

/** A row of the memory has 48 bytes, and 24 where a backend holds it in halves; one of the count has 4. */
const size = { heads: 1, keys: 3, values: 4 }
const rowNumbers = size.keys * size.values

/** count = count + unmasked tokens; memory as retention has it; y what retention gives. */
function sequences(rows: number, length = 1) {
  return trace(`${rows} sequences`, (g) => {
    const mask = g.input('mask', [rows, length], 'i32')
    const count = g.state('count', [rows], 'i32')
    g.updateState(count, positions(count, mask).next)
    const memory = g.state('memory', [rows, size.heads, size.keys, size.values])
    const { output, state } = retention(
      g.input('q', [rows, length, size.heads, size.keys]),
      g.input('k', [rows, length, size.heads, size.keys]),
      g.input('v', [rows, length, size.heads, size.values]),
      { logDecay: [Math.log(0.5)], mask, state: memory },
    )
    g.updateState(memory, state)
    return { y: output }
  })
}

/** Two states without a common first axis. */
const uneven = trace('uneven', (g) => {
  for (const rows of [2, 3]) {
    const memory = g.state(`of ${rows}`, [rows, 4])
    g.updateState(memory, add(memory, memory))
  }
  return {}
})

/** A row is a number of tokens and a memory that is that number everywhere. */
const row = (number: number): NamedTensors => ({
  count: Int32Array.of(number),
  memory: new Float32Array(rowNumbers).fill(number),
})

function joined(parts: readonly NamedTensors[]): NamedTensors {
  return {
    count: Int32Array.from(parts.flatMap(({ count }) => [...count])),
    memory: Float32Array.from(parts.flatMap(({ memory }) => [...memory])),
  }
}

const stateOf = (...numbers: readonly number[]) => joined(numbers.map(row))

/** One token of each row: `number` in its key and value, which adds number^2 to its memory, halved before. */
function tokens(numbers: readonly number[], mask: readonly number[], length = 1): NamedTensors {
  const each = (width: number) => Float32Array.from(numbers.flatMap((number) => Array(length * width).fill(number)))
  return { q: each(size.keys), k: each(size.keys), v: each(size.values), mask: Int32Array.from(mask) }
}

export const rowRules: readonly ContractRule[] = [
  rule('rows of a state are the first extent of its tensors; without one there are none', 3, async (state, backend) => {
    if (state.rows !== 3) throw new Error(`expected 3 rows, got ${state.rows}`)
    using program = await backend.compile(uneven, { weights: {} })
    using other = program.createState()
    if (other.rows !== 0) throw new Error(`expected no rows, got ${other.rows}`)
    await requireRefusal(() => other.readRows([0]))
    await requireRefusal(() => other.resetRows([0]))
  }),
  rule('rows are read in the order that is asked for, one also twice', 4, async (state) => {
    await state.write(stateOf(1, 2, 3, 4))
    requireSame(await state.readRows([2, 0, 2]), stateOf(3, 1, 3))
    requireSame(await state.readRows([3]), stateOf(4))
  }),
  rule('rows that were read belong to the caller', 2, async (state) => {
    const read = await state.readRows([1])
    ;(read.memory as Float32Array).fill(7)
    requireSame(await state.read(), stateOf(0, 0))
  }),
  rule('rows that are written leave the others', 4, async (state) => {
    await state.write(stateOf(1, 2, 3, 4))
    await state.writeRows([3, 1], stateOf(8, 9))
    requireSame(await state.read(), stateOf(1, 9, 3, 8))
  }),
  rule('rows that are reset leave the others', 3, async (state) => {
    await state.write(stateOf(1, 2, 3))
    state.resetRows([2, 0])
    requireSame(await state.read(), stateOf(0, 2, 0))
  }),
  rule('a row that is copied within its state is its equal and independent', 3, async (state, backend) => {
    await state.write(stateOf(1, 2, 3))
    state.copyRows(state, [{ from: 0, to: 2 }])
    requireSame(await state.read(), stateOf(1, 2, 1))
    using program = await backend.compile(sequences(3), { weights: {} })
    await program.run(tokens([1, 1, 2], [0, 0, 1]), state)
    requireSame(await state.readRows([0, 1]), stateOf(1, 2))
  }),
  rule('all rows are read before one is written: they can be swapped', 4, async (state) => {
    await state.write(stateOf(1, 2, 3, 4))
    state.copyRows(state, [
      { from: 0, to: 1 },
      { from: 1, to: 0 },
      { from: 0, to: 3 },
      { from: 2, to: 2 },
    ])
    requireSame(await state.read(), stateOf(2, 1, 3, 1))
  }),
  rule(
    'rows are copied between states of different numbers of rows, and outlive their source',
    3,
    async (state, backend) => {
      using program = await backend.compile(sequences(2), { weights: {} })
      const source = program.createState()
      await source.write(stateOf(5, 6))
      await state.write(stateOf(1, 2, 3))
      state.copyRows(source, [
        { from: 1, to: 0 },
        { from: 0, to: 1 },
      ])
      requireSame(await source.read(), stateOf(5, 6))
      source.dispose()
      requireSame(await state.read(), stateOf(6, 5, 3))
    },
  ),
  rule('nothing to copy, read or reset is no error', 2, async (state) => {
    await state.write(stateOf(1, 2))
    state.copyRows(state, [])
    state.resetRows([])
    await state.writeRows([], stateOf())
    requireSame(await state.readRows([]), stateOf())
    requireSame(await state.read(), stateOf(1, 2))
  }),
  rule(
    'a row that the state does not have, or that is written twice, is refused and nothing changes',
    3,
    async (state) => {
      await state.write(stateOf(1, 2, 3))
      for (const wrong of [-1, 3, 0.5, Number.NaN]) {
        await requireRefusal(() => state.readRows([0, wrong]))
        await requireRefusal(() => state.writeRows([0, wrong], stateOf(8, 9)))
        await requireRefusal(() => state.resetRows([0, wrong]))
        await requireRefusal(() =>
          state.copyRows(state, [
            { from: 0, to: 1 },
            { from: wrong, to: 2 },
          ]),
        )
        await requireRefusal(() =>
          state.copyRows(state, [
            { from: 0, to: 1 },
            { from: 0, to: wrong },
          ]),
        )
      }
      await requireRefusal(() => state.writeRows([1, 1], stateOf(8, 9)))
      await requireRefusal(() =>
        state.copyRows(state, [
          { from: 0, to: 1 },
          { from: 2, to: 1 },
        ]),
      )
      requireSame(await state.read(), stateOf(1, 2, 3))
    },
  ),
  rule('rows of wrong names, sizes or kinds are refused and nothing changes', 2, async (state, backend) => {
    await state.write(stateOf(1, 2))
    const { count, memory } = row(9)
    for (const wrong of [
      {},
      { count },
      { count, memory: memory.subarray(1) },
      { count: Float32Array.of(9), memory },
      { count, memory, other: memory },
      stateOf(8, 9),
    ]) {
      await requireRefusal(() => state.writeRows([1], wrong))
    }
    using program = await backend.compile(uneven, { weights: {} })
    using other = program.createState()
    await requireRefusal(() => state.copyRows(other, [{ from: 0, to: 0 }]))
    await requireRefusal(() => state.copyRows({ ...state, rows: 2 }, [{ from: 0, to: 0 }]))
    requireSame(await state.read(), stateOf(1, 2))
  }),
  rule('rows of a state that was disposed of are refused', 2, async (state, backend) => {
    using program = await backend.compile(sequences(2), { weights: {} })
    const gone = program.createState()
    gone.dispose()
    await requireRefusal(() => gone.readRows([0]))
    await requireRefusal(() => gone.writeRows([0], row(1)))
    await requireRefusal(() => gone.resetRows([0]))
    await requireRefusal(() => gone.copyRows(state, [{ from: 0, to: 0 }]))
    await requireRefusal(() => state.copyRows(gone, [{ from: 0, to: 0 }]))
  }),
  rule('a run advances the rows of its mask as alone; the others keep every bit', 3, async (state, backend) => {
    using program = await backend.compile(sequences(3), { weights: {} })
    await state.write(stateOf(4, 2, 8))
    await program.run(tokens([3, 5, 7], [1, 0, 1]), state)
    requireSame(
      await state.read(),
      joined([{ ...row(11), count: Int32Array.of(5) }, row(2), { ...row(53), count: Int32Array.of(9) }]),
    )
  }),
  rule('a row whose numbers are NaN harms no other, and is whole again after a reset', 3, async (state, backend) => {
    using program = await backend.compile(sequences(3), { weights: {} })
    await state.write(stateOf(4, 2, 8))
    const { y } = await program.run(tokens([3, Number.NaN, 7], [1, 1, 1]), state)
    requireSame(
      await state.readRows([0, 2]),
      joined([
        { ...row(11), count: Int32Array.of(5) },
        { ...row(53), count: Int32Array.of(9) },
      ]),
    )
    const each = Array.from(y, (value) => Number.isNaN(value))
    if (each.some((broken, at) => broken !== (Math.floor(at / size.values) === 1))) {
      throw new Error(`expected NaN in the second row only, got ${y.join(', ')}`)
    }
    state.resetRows([1])
    await program.run(tokens([3, 6, 7], [0, 1, 0]), state)
    requireSame(await state.readRows([1]), { ...row(36), count: Int32Array.of(1) })
  }),
  ...(['recurrent', 'parallel', 'chunkwise'] as const).map((form) =>
    rule(`masked tokens whose numbers are NaN leave no trace: ${form}`, 2, (state, backend) =>
      maskedNaN(state, backend, form),
    ),
  ),
]

/** Padding of NaN at every place of the text, as against the same text with zeros there. */
async function maskedNaN(state: State, backend: Backend, form: RetentionForm): Promise<void> {
  const length = 9
  using program = await backend.compile(sequences(2, length), { weights: {}, form, chunk: 4 })
  const mask = Array.from({ length: 2 * length }, (_, at) => (at % 3 === (at < length ? 1 : 0) ? 0 : 1))
  const run = async (padding: number) => {
    await state.write(stateOf(1, 2))
    const inputs = tokens([3, 2], mask, length)
    for (const [name, width] of [
      ['q', size.keys],
      ['k', size.keys],
      ['v', size.values],
    ] as const) {
      mask.forEach(
        (live, at) => live === 0 && (inputs[name] as Float32Array).fill(padding, at * width, (at + 1) * width),
      )
    }
    const { y } = await program.run(inputs, state)
    const seen = Float32Array.from(y).filter((_, at) => mask[Math.floor(at / size.values)] === 1)
    return { ...(await state.read()), seen }
  }
  requireSame(await run(Number.NaN), await run(0))
}

/** On a state of `rows` sequences, zeros at first. */
function rule(name: string, rows: number, hold: (state: State, backend: Backend) => Promise<void>): ContractRule {
  return {
    name,
    async hold(backend) {
      using program = await backend.compile(sequences(rows), { weights: {} })
      using state = program.createState()
      await hold(state, backend)
    },
  }
}

function requireSame(actual: NamedTensors, expected: NamedTensors): void {
  for (const [name, data] of Object.entries(expected)) {
    const holds = actual[name]?.length === data.length && data.every((value, at) => value === actual[name][at])
    if (!holds) throw new Error(`${name}: expected ${data.join(', ')}, got ${actual[name]?.join(', ') ?? 'nothing'}`)
  }
}
