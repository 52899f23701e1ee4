// States held in halves: every kernel that touches one, against the float64 interpreter, within the rounding of halves.
import { difference, isWithin, uniform } from '@retnet/conformance'
import {
  type Graph,
  type NamedTensors,
  UnsupportedError,
  add,
  positions,
  reference,
  retention,
  rotary,
  scale,
  trace,
} from '@retnet/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GpuCompileOptions, WebGpuBackend } from './webgpu.js'
import { findSoftwareAdapter } from './testing/software-adapter.js'
import { webgpu } from './webgpu.js'

const missing = await findSoftwareAdapter()
const hardware = { barriers: true, fuse: true }

interface Kind {
  readonly length: number
  readonly key: number
  readonly value: number
  readonly reverse?: boolean
}

/** Two rows, the second of which is masked now and then. */
function retaining({ length, key, value, reverse = false }: Kind): Graph {
  return trace('retaining', (g) => {
    const [q, k] = ['q', 'k'].map((name) => g.input(name, [2, length, 2, key]))
    const mask = g.input('mask', [2, length], 'i32')
    const count = g.state('count', [2], 'i32')
    const place = positions(count, mask)
    g.updateState(count, place.next)
    const turned = [q, k].map((x) =>
      rotary(x, place.positions, { layout: 'half', frequencies: 'standard', base: 100, inverse: false }),
    )
    const memory = g.state('memory', [2, 2, key, value])
    const v = g.input('v', [2, length, 2, value])
    const logDecay = [Math.log(0.9), Math.log(0.97)]
    const { output, state } = retention(turned[0], turned[1], v, { logDecay, mask, state: memory, reverse })
    g.updateState(memory, state)
    return { output }
  })
}

/** Ops that know no halves read a state and replace one. */
const foreign = trace('foreign', (g) => {
  const memory = g.state('memory', [2, 2, 3, 4])
  const other = g.state('other', [2, 2, 3, 4])
  const next = add(memory, g.input('x', [2, 2, 3, 4]))
  g.updateState(memory, next)
  g.updateState(other, memory)
  return { y: scale(other, 2), z: scale(next, 1) }
})

const kinds: [string, Kind, Omit<GpuCompileOptions, 'weights'>][] = [
  ['retention.step', { length: 1, key: 8, value: 20 }, { tune: hardware }],
  ['retention.recurrent', { length: 1, key: 6, value: 12 }, {}],
  ['retention.recurrent', { length: 9, key: 8, value: 12 }, { form: 'recurrent' }],
  ['retention.recurrent', { length: 9, key: 8, value: 12, reverse: true }, { form: 'recurrent' }],
  ['retention.output', { length: 21, key: 6, value: 8 }, { form: 'chunkwise', chunk: 7 }],
  ['retention.output.register', { length: 40, key: 16, value: 20 }, { form: 'chunkwise', chunk: 16, tune: hardware }],
]

function inputsOf(graph: Graph, round: number): NamedTensors {
  return Object.fromEntries(
    graph.inputs.map(({ name, value }) => {
      const type = graph.types[value]
      if (name !== 'mask') return [name, uniform(-1, 1)(type, `${name} ${round}`)]
      const [, length] = type.shape
      return [name, Int32Array.from({ length: 2 * length }, (_, at) => (at >= length && at % 3 === round % 3 ? 0 : 1))]
    }),
  )
}

describe.skipIf(missing)(`states in halves${missing ? ` (${missing})` : ''}`, () => {
  let backend: WebGpuBackend
  beforeAll(async () => {
    backend = await webgpu({ profile: 'basic', stateDtype: 'f16', poison: true })
  })
  afterAll(() => backend?.dispose())

  /** Four runs in a row, and the state that they leave. */
  async function compare(graph: Graph, options: Omit<GpuCompileOptions, 'weights'>) {
    using program = await backend.compile(graph, { weights: {}, ...options })
    using exact = await reference().compile(graph, { weights: {} })
    using state = program.createState()
    using expected = exact.createState()
    for (let round = 0; round < 4; round++) {
      const inputs = inputsOf(graph, round)
      const [mine, theirs] = [await program.run(inputs, state), await exact.run(inputs, expected)]
      for (const [name, data] of Object.entries(theirs)) expectNear(`${name} ${round}`, mine[name], data)
    }
    const [mine, theirs] = [await state.read(), await expected.read()]
    for (const [name, data] of Object.entries(theirs)) expectNear(name, mine[name], data)
    return { bytes: state.bytes, kernels: Object.keys(program.stats().kernels) }
  }

  function expectNear(name: string, actual: NamedTensors[string], expected: NamedTensors[string]): void {
    expect(difference(name, actual, expected, 2e-3)).toSatisfy(isWithin)
  }

  test.each(kinds)('%s, %o', async (kernel, kind, options) => {
    const { bytes, kernels } = await compare(retaining(kind), options)
    expect(kernels).toContain(kernel)
    expect(bytes).toBe(16 + 2 * (2 * 2 * kind.key * kind.value))
  })

  test('other ops read and replace them through copies in f32', async () => {
    const { kernels } = await compare(foreign, {})
    expect(kernels).toEqual(expect.arrayContaining(['state.numbers', 'state.halves']))
  })

  test('are no outputs of a program', async () => {
    const graph = trace('shown', (g) => {
      const memory = g.state('memory', [1, 1, 2, 4])
      const next = add(memory, memory)
      g.updateState(memory, next)
      return { y: memory }
    })
    const error = await backend.compile(graph, { weights: {} }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UnsupportedError)
    expect(String(error)).toMatch(/the output y of shown is its state memory, which is held in halves\. Read it with/)
  })

  test('stay f32 where heads have no multiple of four columns', async () => {
    const { bytes } = await compare(retaining({ length: 1, key: 4, value: 6 }), {})
    expect(bytes).toBe(16 + 4 * (2 * 2 * 4 * 6))
  })
})
