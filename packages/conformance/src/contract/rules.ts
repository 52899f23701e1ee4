/** Rules of the Backend interface that concern no single op: ownership, order, refusal. */
import {
  type Backend,
  type NamedTensors,
  type Program,
  type State,
  add,
  embed,
  matmul,
  reshape,
  trace,
} from '@retnet/core'
import { encodeWeight } from '../values/encode.js'
import { type ContractRule, requireRefusal } from './rule.js'

const width = 5

/** memory = memory + x weight; y = memory. Every run shows in the next one. */
const accumulator = trace('accumulator', (g) => {
  const memory = g.state('memory', [1, width])
  const next = add(memory, matmul(g.input('x', [1, width]), g.parameter('weight', [width, width])))
  g.updateState(memory, next)
  return { y: next }
})

/** Another graph with the same states. */
const reader = trace('reader', (g) => {
  const memory = g.state('memory', [1, width])
  g.updateState(memory, memory)
  return { y: add(memory, memory) }
})

/** memory = memory + x; next is x one step further. */
const feedback = trace('feedback', (g) => {
  const [x, step] = [g.input('x', [1, width]), g.input('step', [1, width])]
  const memory = g.state('memory', [1, width])
  const sum = add(memory, x)
  g.updateState(memory, sum)
  return { y: sum, next: add(x, step), same: reshape(x, [1, width]) }
})

/** A state of the same name and another size. */
const larger = trace('larger', (g) => {
  const memory = g.state('memory', [2, width])
  g.updateState(memory, memory)
  return {}
})

const lookUp = trace('look up', (g) => ({
  y: embed(g.parameter('weight', [width, width]), g.input('ids', [2], 'i32')),
}))

const identity = encodeWeight(
  { dtype: 'f32', shape: [width, width] },
  'f32',
  Float32Array.from({ length: width * width }, (_, at) => (at % (width + 1) === 0 ? 1 : 0)),
)
const ones = { x: new Float32Array(width).fill(1) }

async function withAccumulator(backend: Backend, use: (program: Program) => Promise<void>): Promise<void> {
  using weight = await backend.upload(identity)
  using program = await backend.compile(accumulator, { weights: { weight } })
  await use(program)
}

export const contractRules: readonly ContractRule[] = [
  rule('a graph with states does not run without a state', async (program) => {
    await requireRefusal(() => program.run(ones, null))
  }),
  rule('a state begins as zeros, and reset makes it so again', async (program) => {
    using state = program.createState()
    requireNumbers(await state.read(), 'memory', 0)
    await program.run(ones, state)
    requireNumbers(await state.read(), 'memory', 1)
    state.reset()
    requireNumbers(await state.read(), 'memory', 0)
  }),
  rule('a fork is independent of its origin', async (program) => {
    using state = program.createState()
    await program.run(ones, state)
    using fork = state.fork()
    await program.run(ones, fork)
    await program.run(ones, fork)
    requireNumbers(await state.read(), 'memory', 1)
    requireNumbers(await fork.read(), 'memory', 3)
    state.reset()
    requireNumbers(await fork.read(), 'memory', 3)
  }),
  rule('a fork outlives its origin', async (program) => {
    const state = program.createState()
    await program.run(ones, state)
    using fork = state.fork()
    state.dispose()
    // memory that was given back may be taken again
    using other = program.createState()
    await other.write({ memory: new Float32Array(width).fill(9) })
    requireNumbers(await fork.read(), 'memory', 1)
  }),
  rule('runs that are not awaited happen in the order of the calls', async (program) => {
    using state = program.createState()
    const runs = await Promise.all([1, 2, 3].map(() => program.run(ones, state)))
    runs.forEach((outputs, index) => requireNumbers(outputs, 'y', index + 1))
  }),
  rule('inputs may be overwritten after a run', async (program) => {
    using state = program.createState()
    const x = new Float32Array(width).fill(1)
    await program.run({ x }, state)
    x.fill(100)
    requireNumbers(await state.read(), 'memory', 1)
  }),
  rule('outputs belong to the caller: a later run does not change them', async (program) => {
    using state = program.createState()
    const first = await program.run(ones, state)
    await program.run(ones, state)
    requireNumbers(first, 'y', 1)
    ;(first.y as Float32Array).fill(50)
    requireNumbers(await state.read(), 'memory', 2)
  }),
  rule('numbers that were read belong to the caller', async (program) => {
    using state = program.createState()
    const read = await state.read()
    await program.run(ones, state)
    requireNumbers(read, 'memory', 0)
    ;(read.memory as Float32Array).fill(50)
    requireNumbers(await state.read(), 'memory', 1)
  }),
  rule('a state fits another program with the same states', async (program, backend) => {
    using state = program.createState()
    await program.run(ones, state)
    using other = await backend.compile(reader, { weights: {} })
    requireNumbers(await other.run({}, state), 'y', 2)
    await program.run(ones, state)
    requireNumbers(await state.read(), 'memory', 2)
  }),
  rule('a state that is written with wrong names or sizes stays as it was', async (program) => {
    using state = program.createState()
    await program.run(ones, state)
    const good = new Float32Array(width)
    await requireRefusal(() => state.write({}))
    await requireRefusal(() => state.write({ memory: new Float32Array(width + 1) }))
    await requireRefusal(() => state.write({ memory: good, other: good }))
    requireNumbers(await state.read(), 'memory', 1)
  }),
  rule('a run with a missing or misshapen input is refused and leaves the state', async (program) => {
    using state = program.createState()
    await program.run(ones, state)
    await requireRefusal(() => program.run({}, state))
    await requireRefusal(() => program.run({ x: new Float32Array(width - 1) }, state))
    requireNumbers(await state.read(), 'memory', 1)
    requireNumbers(await program.run(ones, state), 'y', 2)
  }),
  rule('a run with an unknown input, or integers for floats, is refused', async (program) => {
    using state = program.createState()
    await requireRefusal(() => program.run({ ...ones, surplus: ones.x }, state))
    await requireRefusal(() => program.run({ x: new Int32Array(width) }, state))
    requireNumbers(await state.read(), 'memory', 0)
  }),
  rule(
    'a run with a state that does not fit the graph, or that another backend made, is refused',
    async (program, backend) => {
      using other = await backend.compile(larger, { weights: {} })
      using state = other.createState()
      await requireRefusal(() => program.run(ones, state))
      const foreign = { ...state, bytes: 0 } as State
      await requireRefusal(() => program.run(ones, foreign))
    },
  ),
  rule('ids that the table does not have are refused', async (_program, backend) => {
    using weight = await backend.upload(identity)
    using program = await backend.compile(lookUp, { weights: { weight } })
    for (const id of [-1, width, 2 ** 31 - 1]) {
      await requireRefusal(() => program.run({ ids: Int32Array.of(0, id) }, null))
    }
    const { y } = await program.run({ ids: Int32Array.of(0, width - 1) }, null)
    if (y.length !== 2 * width) throw new Error(`expected ${2 * width} numbers, got ${y.length}`)
  }),
  rule('upload refuses numbers that do not fit the type', async (_program, backend) => {
    const { type } = identity
    const scales = new Float32Array(width)
    const bytes = new Int8Array(width * width)
    await requireRefusal(() => backend.upload({ type, encoding: 'f32', data: new Float32Array(3) }))
    await requireRefusal(() => backend.upload({ type, encoding: 'f32', data: bytes }))
    await requireRefusal(() => backend.upload({ type, encoding: 'f16', data: new Uint16Array(3) }))
    await requireRefusal(() => backend.upload({ type, encoding: 'q8', data: bytes }))
    await requireRefusal(() => backend.upload({ type, encoding: 'q8', data: bytes, scales: scales.subarray(1) }))
    // a row of q4 is one block of 16 bytes here
    const pairs = new Uint8Array(width * 16)
    await requireRefusal(() => backend.upload({ type, encoding: 'q4', data: pairs }))
    await requireRefusal(() => backend.upload({ type, encoding: 'q4', data: bytes, scales }))
    await requireRefusal(() => backend.upload({ type, encoding: 'q4', data: pairs.subarray(1), scales }))
    await requireRefusal(() => backend.upload({ type, encoding: 'q5' as never, data: bytes, scales }))
  }),
  rule('what was disposed is refused', async (_program, backend) => {
    const weight = await backend.upload(identity)
    const program = await backend.compile(accumulator, { weights: { weight } })
    const [state, other] = [program.createState(), program.createState()]
    state.dispose()
    await requireRefusal(() => program.run(ones, state))
    await requireRefusal(() => state.read())
    program.dispose()
    await requireRefusal(() => program.run(ones, other))
    weight.dispose()
    await requireRefusal(() => backend.compile(accumulator, { weights: { weight } }))
    other.dispose()
  }),
  rule('an aborted run throws the reason and leaves the state', async (program) => {
    using state = program.createState()
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    const thrown = await program.run(ones, state, { signal }).then(
      () => null,
      (error: unknown) => error,
    )
    if (thrown !== reason) throw new Error(`expected the reason of the signal, got ${String(thrown)}`)
    requireNumbers(await state.read(), 'memory', 0)
  }),
  rule('a weight serves several programs', async (program, backend) => {
    using weight = await backend.upload(identity)
    const again = await backend.compile(accumulator, { weights: { weight } })
    using third = await backend.compile(accumulator, { weights: { weight } })
    again.dispose()
    using state = program.createState()
    requireNumbers(await third.run(ones, state), 'y', 1)
    requireNumbers(await program.run(ones, state), 'y', 2)
  }),
  rule('an uploaded weight is a copy', async (_program, backend) => {
    const data = Float32Array.from(identity.data)
    using weight = await backend.upload({ ...identity, data })
    data.fill(7)
    using program = await backend.compile(accumulator, { weights: { weight } })
    using state = program.createState()
    requireNumbers(await program.run(ones, state), 'y', 1)
  }),
  rule('compile refuses a missing weight and the weight of another backend', async (_program, backend) => {
    const foreign = { ...identity, bytes: 0, dispose: () => {}, [Symbol.dispose]: () => {} }
    await requireRefusal(() => backend.compile(accumulator, { weights: {} }))
    await requireRefusal(() => backend.compile(accumulator, { weights: { weight: foreign } }))
  }),
  rule('compile tells its progress, from the beginning to the end', async (_program, backend) => {
    using weight = await backend.upload(identity)
    const told: [number, number][] = []
    const onProgress = (...progress: [number, number]) => void told.push(progress)
    for (const _ of ['first', 'again']) {
      using program = await backend.compile(accumulator, { weights: { weight }, onProgress })
      const [[begin], [end, total]] = [told[0], told.at(-1)!]
      const rising = told.every(([ready, of], at) => of === total && (at === 0 || ready >= told[at - 1][0]))
      if (begin !== 0 || end !== total || total < 1 || !rising) throw new Error(`told ${JSON.stringify(told)}`)
      if (program.stats().dispatches < 1) throw new Error('expected a kernel')
      told.length = 0
    }
  }),
  rule('compile refuses unknown and wrong options', async (_program, backend) => {
    using weight = await backend.upload(identity)
    for (const wrong of [{ onprogress: () => {} }, { onProgress: 1 }, { form: 'fast' }, { chunk: 0 }, { chunk: 1.5 }]) {
      await requireRefusal(() => backend.compile(accumulator, { weights: { weight }, ...(wrong as object) }))
    }
  }),
  rule('compile refuses a malformed graph', async (_program, backend) => {
    const [node] = accumulator.nodes
    const early = { ...accumulator, nodes: [{ ...node, inputs: [node.inputs[0], 999] }] } as typeof accumulator
    using weight = await backend.upload(identity)
    await requireRefusal(() => backend.compile(early, { weights: { weight } }))
  }),
  rule('dispose may be called twice', async (_program, backend) => {
    const weight = await backend.upload(identity)
    const program = await backend.compile(accumulator, { weights: { weight } })
    const state = program.createState()
    for (const owner of [state, state, program, program, weight, weight]) owner.dispose()
  }),
  rule('a repeated run is as many runs, whose outputs are stacked', async (program) => {
    using state = program.createState()
    const { y } = await program.run(ones, state, { repeat: { times: 3 } })
    requireAll({ y }, 'y', [1, 2, 3])
    requireNumbers(await state.read(), 'memory', 3)
    requireNumbers(await program.run(ones, state), 'y', 4)
  }),
  rule('a repeated run carries outputs into inputs and does not return them', async (_program, backend) => {
    using program = await backend.compile(feedback, { weights: {} })
    using state = program.createState()
    const repeat = { times: 4, carry: { next: 'x' } }
    const outputs = await program.run({ x: ones.x, step: ones.x }, state, { repeat })
    if (Object.hasOwn(outputs, 'next')) throw new Error('expected that next is not returned')
    requireAll(outputs, 'same', [1, 2, 3, 4])
    requireAll(outputs, 'y', [1, 3, 6, 10])
    requireNumbers(await state.read(), 'memory', 10)
    requireNumbers(await program.run({ x: ones.x, step: ones.x }, state), 'next', 2)
  }),
  rule('a repetition that does not fit the graph is refused and leaves the state', async (program, backend) => {
    using state = program.createState()
    for (const times of [0, -1, 1.5]) await requireRefusal(() => program.run(ones, state, { repeat: { times } }))
    for (const carry of [{ z: 'x' }, { y: 'z' }] as Record<string, string>[]) {
      await requireRefusal(() => program.run(ones, state, { repeat: { times: 2, carry } }))
    }
    using other = await backend.compile(feedback, { weights: {} })
    using memory = other.createState()
    const inputs = { x: ones.x, step: ones.x }
    for (const carry of [{ same: 'x' }, { next: 'x', y: 'x' }] as Record<string, string>[]) {
      await requireRefusal(() => other.run(inputs, memory, { repeat: { times: 2, carry } }))
    }
    requireNumbers(await state.read(), 'memory', 0)
    requireNumbers(await memory.read(), 'memory', 0)
  }),
  rule('stats count the runs', async (program) => {
    const before = program.stats().runs
    using state = program.createState()
    await program.run(ones, state)
    await program.run(ones, state)
    const { runs, dispatches } = program.stats()
    if (runs !== before + 2 || dispatches < 1) throw new Error(`expected 2 more runs than ${before}, got ${runs}`)
  }),
]

function rule(name: string, hold: (program: Program, backend: Backend) => Promise<void>): ContractRule {
  return { name, hold: (backend) => withAccumulator(backend, (program) => hold(program, backend)) }
}

function requireNumbers(tensors: NamedTensors, name: string, value: number): void {
  const data = tensors[name]
  if (data?.length === width && data.every((number) => number === value)) return
  throw new Error(`${name}: expected ${width} times ${value}, got ${data ? data.join(', ') : 'nothing'}`)
}

/** Rows of `width` numbers, each of one value. */
function requireAll(tensors: NamedTensors, name: string, values: readonly number[]): void {
  const data = tensors[name]
  const holds =
    data?.length === width * values.length && data.every((number, at) => number === values[Math.floor(at / width)])
  if (!holds)
    throw new Error(`${name}: expected rows of ${values.join(', ')}, got ${data ? data.join(', ') : 'nothing'}`)
}
