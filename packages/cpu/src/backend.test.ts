import { spawnSync } from 'node:child_process'
import {
  ArgumentError,
  type Backend,
  DisposedError,
  type GraphBuilder,
  GraphError,
  type NamedTensors,
  UnsupportedError,
  add,
  crossEntropy,
  embed,
  gelu,
  matmul,
  mul,
  positions,
  reshape,
  retention,
  rmsNorm,
  rotary,
  scale,
  silu,
  slice,
  softmax,
  trace,
} from '@retnet/core'
import { afterEach, describe, expect, it } from 'vitest'
import { cpu } from './backend.js'
import { OutOfMemoryError } from './memory/out-of-memory-error.js'
import { encode, expectMatch, numbers, runCase } from './testing.js'

const opened: Backend[] = []
async function open(options: Parameters<typeof cpu>[0] = {}): Promise<Backend> {
  const backend = await cpu({ poison: true, ...options })
  opened.push(backend)
  return backend
}
afterEach(() => {
  for (const backend of opened.splice(0)) backend.dispose()
})

/** One block with every kind of kernel, large enough that threads share it. */
function block(length: number) {
  const [width, heads, vocabulary] = [129, 3, 300]
  const graph = trace('block', (g: GraphBuilder) => {
    const [tokens, mask] = [g.input('tokens', [1, length], 'i32'), g.input('mask', [1, length], 'i32')]
    const start = g.state('position', [1], 'i32')
    const place = positions(start, mask)
    g.updateState(start, place.next)
    const x = embed(g.parameter('table', [vocabulary, width]), tokens)
    const y = rmsNorm(x, g.parameter('norm', [width]), 1e-6)
    const part = (name: string, size: number) =>
      reshape(matmul(y, g.parameter(name, [heads * size, width]), { transposeB: true }), [1, length, heads, size])
    const rotation = { layout: 'interleaved', frequencies: 'standard', base: 10000, inverse: false } as const
    const [q, k] = [rotary(part('q', 32), place.positions, rotation), rotary(part('k', 32), place.positions, rotation)]
    const before = g.state('memory', [1, heads, 32, 43])
    const kept = retention(q, k, part('v', 43), { logDecay: [-0.01, -0.05, -0.2], state: before, mask })
    g.updateState(before, kept.state)
    const gate = silu(matmul(y, g.parameter('g', [width, width]), { transposeB: true }))
    const z = add(
      x,
      matmul(mul(gate, reshape(kept.output, [1, length, width])), g.parameter('o', [width, width]), {
        transposeB: true,
      }),
    )
    const logits = matmul(gelu(z), g.parameter('table', [vocabulary, width]), { transposeB: true })
    return { probabilities: softmax(logits), loss: crossEntropy(logits, tokens) }
  })
  const weights = Object.fromEntries(
    graph.parameters.map(({ name, value }, index) => {
      const { shape } = graph.types[value]
      const values = numbers(
        shape.reduce((product, extent) => product * extent, 1),
        index + 1,
      )
      return [
        name,
        encode(
          values.map((x) => x / 8),
          shape,
          index % 3 === 1 ? 'f32' : index % 3 === 2 ? 'q8' : 'f16',
        ),
      ]
    }),
  )
  const inputs = {
    tokens: Int32Array.from({ length }, (_, index) => (index * 37) % vocabulary),
    mask: Int32Array.from({ length }, (_, index) => Number(index % 9 !== 4)),
  }
  const states = { position: Int32Array.of(7), memory: numbers(heads * 32 * 43, 9) }
  return { graph, weights, inputs, states }
}

describe('cpu', () => {
  it.each([1, 63, 129])('gives the same bits on any number of threads (%i tokens)', async (length) => {
    const results = []
    for (const threads of [1, 2, 3]) results.push(await runCase(await open({ threads }), block(length)))
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  })

  it('agrees with the interpreter on both SIMD levels', async () => {
    for (const simd of ['baseline', 'relaxed'] as const) {
      for (const length of [1, 100]) await expectMatch(await open({ simd, threads: 2 }), block(length), 2e-4)
    }
  })

  it('says what it runs on', async () => {
    expect((await open({ threads: 2, simd: 'baseline' })).limits.description).toBe('WASM SIMD, 2 threads')
    expect((await open({ threads: 1, simd: 'relaxed' })).limits.description).toBe('WASM relaxed SIMD, 1 thread')
  })

  it('rejects unknown and impossible options', async () => {
    for (const options of [
      { thread: 2 },
      { threads: 0 },
      { threads: 1.5 },
      { maxMemoryBytes: 5 },
      { simd: 'avx' },
      { poison: 1 },
    ]) {
      await expect(cpu(options as never)).rejects.toThrow(ArgumentError)
    }
  })

  it('lets the process end without dispose', () => {
    const script = `
      import { cpu } from '@retnet/cpu'
      import { fill, trace } from '@retnet/core'
      const backend = await cpu({ threads: 2 })
      const program = await backend.compile(trace('fill', (g) => ({ y: fill(g, [300000], 1) })), { weights: {} })
      const { y } = await program.run({}, null)
      console.log(y.length)`
    const options = { cwd: import.meta.dirname, encoding: 'utf8', timeout: 30_000 } as const
    // Outside the test runner the name means the built package.
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], options)
    expect([status, stdout.trim()]).toEqual([0, '300000'])
  })
})

describe('memory', () => {
  it('names the tensor that does not fit, and stays usable', async () => {
    const backend = await open({ maxMemoryBytes: 2 ** 22 })
    const big = {
      type: { dtype: 'f32', shape: [2048, 1024] },
      encoding: 'f32',
      data: new Float32Array(2 ** 21),
    } as const
    const failure = await backend.upload(big).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(OutOfMemoryError)
    expect(String(failure)).toMatch(/weight f32 \[2048, 1024\]: needs 8\.0 MiB, .* at most 4\.0 MiB\. Dispose/)
    const wide = trace('wide', (g) => ({ y: scale(g.input('x', [2 ** 21]), 2) }))
    await expect(backend.compile(wide, { weights: {} })).rejects.toThrow(/activations of program wide/)
    await expectMatch(backend, block(5), 1e-3)
  })

  it('is given back by dispose: a thousand rounds fit into 8 MiB', async () => {
    const backend = await open({ maxMemoryBytes: 2 ** 23, threads: 1, poison: false })
    const graph = trace('add', (g) => ({ y: add(g.parameter('w', [300, 300]), g.input('x', [300, 300])) }))
    for (let round = 0; round < 1000; round++) {
      using w = await backend.upload({
        type: { dtype: 'f32', shape: [300, 300] },
        encoding: 'f32',
        data: new Float32Array(90000),
      })
      using program = await backend.compile(graph, { weights: { w } })
      expect(program.stats().bytes).toBeGreaterThan(0)
    }
  })

  it('keeps a weight as long as a program needs it', async () => {
    const backend = await open()
    const graph = trace('keep', (g) => ({ y: scale(g.parameter('w', [3]), 2) }))
    const data = Float32Array.of(1, 2, 3)
    const w = await backend.upload({ type: { dtype: 'f32', shape: [3] }, encoding: 'f32', data })
    const program = await backend.compile(graph, { weights: { w } })
    w.dispose()
    await backend.upload({ type: { dtype: 'f32', shape: [3] }, encoding: 'f32', data: new Float32Array(3) })
    expect([...(await program.run({}, null)).y]).toEqual([2, 4, 6])
    await expect(backend.compile(graph, { weights: { w } })).rejects.toThrow(DisposedError)
  })
})

describe('states', () => {
  const counter = trace('counter', (g) => {
    const [a, b] = [g.state('a', [5]), g.state('b', [5])]
    g.updateState(a, b)
    g.updateState(b, add(a, g.input('x', [5])))
    return { before: a, sum: add(a, b) }
  })

  it('may swap, and old values may be outputs', async () => {
    const states = { a: numbers(5), b: numbers(5, 2) }
    await expectMatch(await open(), { graph: counter, inputs: { x: numbers(5, 3) }, states }, 0)
  })

  it('fork, reset, and refuse what does not fit without changing', async () => {
    const program = await (await open()).compile(counter, { weights: {} })
    const state = program.createState()
    const run = () => program.run({ x: Float32Array.of(1, 1, 1, 1, 1) }, state)
    await run()
    const fork = state.fork()
    await run()
    expect([(await fork.read()).b[0], (await state.read()).a[0]]).toEqual([1, 1])
    const good = { a: new Float32Array(5), b: new Float32Array(5) }
    for (const bad of [
      { a: good.a },
      { ...good, b: new Float32Array(4) },
      { ...good, c: good.a },
      { ...good, b: new Int32Array(5) },
    ]) {
      await expect(state.write(bad as NamedTensors)).rejects.toThrow(GraphError)
    }
    expect((await state.read()).a[0]).toBe(1)
    state.reset()
    expect((await state.read()).a[0]).toBe(0)
  })
})

describe('bad input', () => {
  it('is refused before anything changes', async () => {
    const backend = await open()
    const test = block(3)
    const uploaded = await Promise.all(
      Object.entries(test.weights).map(async ([name, data]) => [name, await backend.upload(data)] as const),
    )
    const program = await backend.compile(test.graph, { weights: Object.fromEntries(uploaded) })
    const state = program.createState()
    await program.run(test.inputs, state)
    const before = await state.read()
    const { tokens, mask } = test.inputs
    const cases: [NamedTensors, RegExp][] = [
      [{ tokens }, /3 numbers in a Int32Array for the input mask, got nothing/],
      [{ tokens, mask, more: mask }, /no input more; the graph has tokens, mask/],
      [{ tokens: tokens.subarray(1), mask }, /got 2 in a Int32Array/],
      [{ tokens: Float32Array.from(tokens), mask }, /got 3 in a Float32Array/],
      [{ tokens: Int32Array.of(0, 300, 1), mask }, /from -?[01] to 299 in the input tokens, got 300 at index 1/],
      [{ tokens: Int32Array.of(0, -1, 1), mask }, /got -1 at index 1/],
      [{ tokens, mask: Int32Array.of(0, 2, 1) }, /a mask from 0 to 1 in the input mask, got 2/],
    ]
    for (const [inputs, message] of cases) await expect(program.run(inputs, state)).rejects.toThrow(message)
    await expect(program.run(test.inputs, state, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/)
    await expect(program.run(test.inputs, null)).rejects.toThrow(/block needs a state/)
    const stranger = (
      await (
        await open()
      ).compile(
        trace('other', (g) => ({ y: g.input('x', [1]) })),
        { weights: {} },
      )
    ).createState()
    await expect(program.run(test.inputs, stranger)).rejects.toThrow(/another backend/)
    expect(await state.read()).toEqual(before)
  })

  it('is found behind ops that move it', async () => {
    const graph = trace('moved', (g) => {
      const ids = reshape(slice(g.input('ids', [6], 'i32'), [2], [4]), [2, 2])
      return { y: embed(g.input('table', [9, 4]), ids) }
    })
    const inputs = { ids: Int32Array.of(0, 0, 1, 9, 0, 0), table: new Float32Array(36) }
    await expect(runCase(await open(), { graph, inputs })).rejects.toThrow(/ids from 0 to 8/)
  })

  it('is refused by compile and upload', async () => {
    const backend = await open()
    const graph = trace('w', (g) => ({ y: scale(g.parameter('w', [2, 2]), 2) }))
    await expect(backend.compile(graph, { weights: {} })).rejects.toThrow(/weight w was not uploaded/)
    const type = { dtype: 'f32', shape: [4] } as const
    const w = await backend.upload({ type, encoding: 'f32', data: new Float32Array(4) })
    await expect(backend.compile(graph, { weights: { w } })).rejects.toThrow(
      /w is f32\[4\], the graph wants f32\[2, 2\]/,
    )
    await expect(backend.compile(graph, { weights: {}, from: 1 } as never)).rejects.toThrow(ArgumentError)
    await expect(backend.compile(graph, { weights: {}, chunk: 0 })).rejects.toThrow(ArgumentError)
    await expect(backend.upload({ type, encoding: 'q8', data: new Int8Array(4) })).rejects.toThrow(
      /1 scales .* got none/,
    )
    await expect(backend.upload({ type, encoding: 'f16', data: new Float32Array(4) })).rejects.toThrow(/Uint16Array/)
    await expect(backend.upload({ type, encoding: 'q5' as never, data: new Int8Array(4) })).rejects.toThrow(/got q5/)
  })

  it('includes tensors with more axes than the kernels walk', async () => {
    const backend = await open()
    const graph = trace('deep', (g) => ({ y: scale(g.input('x', [1, 1, 1, 1, 1, 1, 1, 1, 2]), 2) }))
    expect(backend.supports(graph.nodes[0], graph)).toMatch(/at most 8 axes/)
    await expect(backend.compile(graph, { weights: {} })).rejects.toThrow(UnsupportedError)
  })

  it('includes what was disposed of', async () => {
    const backend = await open({ threads: 2 })
    const program = await backend.compile(
      trace('x', (g) => ({ y: scale(g.input('x', [1]), 2) })),
      { weights: {} },
    )
    const state = program.createState()
    state.dispose()
    await expect(program.run({ x: new Float32Array(1) }, state)).rejects.toThrow(DisposedError)
    program.dispose()
    await expect(program.run({ x: new Float32Array(1) }, null)).rejects.toThrow(DisposedError)
    backend.dispose()
    backend.dispose()
    await expect(
      backend.upload({ type: { dtype: 'f32', shape: [1] }, encoding: 'f32', data: new Float32Array(1) }),
    ).rejects.toThrow(DisposedError)
  })
})
