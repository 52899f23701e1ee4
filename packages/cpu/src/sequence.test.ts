import {
  type Backend,
  type GraphBuilder,
  crossEntropy,
  crossEntropyGrad,
  decayNorm,
  layerNorm,
  positions,
  retention,
  rmsNorm,
  rotary,
  trace,
} from '@retnet/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cpu } from './backend.js'
import { expectMatch, numbers } from './testing.js'

let backend: Backend
beforeAll(async () => {
  backend = await cpu({ threads: 2, poison: true })
})
afterAll(() => backend.dispose())

describe('norms', () => {
  it('agree with the interpreter with and without weights', async () => {
    for (const width of [1, 63, 100, 129]) {
      const graph = trace('norms', (g) => {
        const [x, w, b] = [g.input('x', [2, 3, width]), g.input('w', [width]), g.input('b', [width])]
        return {
          rms: rmsNorm(x, w, 1e-6),
          plain: rmsNorm(x, null, 1e-6),
          layer: layerNorm(x, w, b, 1e-5),
          bare: layerNorm(x, null, null, 1e-5),
        }
      })
      const inputs = { x: numbers(6 * width), w: numbers(width, 2), b: numbers(width, 3) }
      await expectMatch(backend, { graph, inputs })
    }
  })
})

describe('positions, rotary and decayNorm', () => {
  it('count unmasked tokens and keep the count as a state', async () => {
    const graph = trace('count', (g) => {
      const start = g.state('position', [2], 'i32')
      const { positions: each, next } = positions(start, g.input('mask', [2, 5], 'i32'))
      g.updateState(start, next)
      return { each }
    })
    const mask = Int32Array.of(1, 1, 0, 1, 1, 0, 0, 1, 1, 0)
    await expectMatch(backend, { graph, inputs: { mask }, states: { position: Int32Array.of(7, 100000) } }, 0)
  })

  it('rotate exactly at large positions, in every layout and both directions', async () => {
    for (const layout of ['interleaved', 'half'] as const) {
      for (const frequencies of ['inclusive', 'standard'] as const) {
        for (const width of [2, 6, 32]) {
          const graph = trace('rotate', (g) => {
            const [x, p] = [g.input('x', [2, 3, 2, width]), g.input('p', [2, 3], 'i32')]
            const rotation = { layout, frequencies, base: 10000 }
            return { y: rotary(x, p, { ...rotation, inverse: false }), z: rotary(x, p, { ...rotation, inverse: true }) }
          })
          const p = Int32Array.of(0, 1, 63, 99999, 1000003, 123456789)
          await expectMatch(backend, { graph, inputs: { x: numbers(12 * width), p } }, 3e-7)
        }
      }
    }
  })

  it('divides by the decay sum, for slow decay and none', async () => {
    const logDecay = [Math.log1p(-(2 ** -5)), Math.log1p(-(2 ** -20)), 0]
    const graph = trace('decay', (g) => ({
      y: decayNorm(g.input('x', [1, 4, 3, 63]), g.input('p', [1, 4], 'i32'), logDecay),
    }))
    await expectMatch(
      backend,
      { graph, inputs: { x: numbers(4 * 3 * 63), p: Int32Array.of(0, 1, 129, 1000000) } },
      3e-7,
    )
  })
})

interface Sizes {
  readonly batch: number
  readonly length: number
  readonly heads: number
  readonly key: number
  readonly value: number
}

function retentionCase(sizes: Sizes, { reverse = false, mask = false, state = false }) {
  const { batch, length, heads, key, value } = sizes
  const logDecay = Array.from({ length: heads }, (_, head) => Math.log1p(-(2 ** (-2 - head))))
  const graph = trace('retention', (g: GraphBuilder) => {
    const [q, k] = [g.input('q', [batch, length, heads, key]), g.input('k', [batch, length, heads, key])]
    const v = g.input('v', [batch, length, heads, value])
    const before = state ? g.state('s', [batch, heads, key, value]) : null
    const marks = mask ? g.input('mask', [batch, length], 'i32') : null
    const result = retention(q, k, v, { logDecay, reverse, state: before, mask: marks })
    if (before) g.updateState(before, result.state)
    return { output: result.output, ...(state ? {} : { next: result.state }) }
  })
  const count = batch * length * heads
  const inputs = {
    q: numbers(count * key),
    k: numbers(count * key, 2),
    v: numbers(count * value, 3),
    ...(mask ? { mask: Int32Array.from(numbers(batch * length, 4), (x) => Number(x > -0.5)) } : {}),
  }
  return { graph, inputs, ...(state ? { states: { s: numbers(batch * heads * key * value, 5) } } : {}) }
}

describe('retention', () => {
  const forms = [
    { form: 'recurrent' },
    { form: 'parallel' },
    { form: 'chunkwise', chunk: 16 },
    { form: 'chunkwise', chunk: 63 },
    { form: 'auto' },
  ] as const
  const allSizes: Sizes[] = [
    { batch: 1, length: 1, heads: 2, key: 5, value: 63 },
    { batch: 2, length: 63, heads: 3, key: 8, value: 40 },
    { batch: 1, length: 100, heads: 1, key: 33, value: 129 },
    { batch: 1, length: 129, heads: 2, key: 16, value: 16 },
  ]
  it.each(forms)('agrees with the interpreter: $form $chunk', async (options) => {
    for (const sizes of allSizes) {
      for (const reverse of [false, true]) {
        for (const extra of [{}, { mask: true }, { state: true }, { mask: true, state: true }]) {
          await expectMatch(backend, { ...retentionCase(sizes, { reverse, ...extra }), options }, 2e-6)
        }
      }
    }
  })

  it('steps short texts and cuts long ones into chunks', async () => {
    const names: string[][] = []
    for (const length of [1, 16, 129]) {
      const { kernels } = await expectMatch(
        backend,
        retentionCase({ batch: 1, length, heads: 1, key: 4, value: 4 }, {}),
      )
      names.push(Object.keys(kernels))
    }
    expect(names).toEqual([['retention.recurrent'], ['retention.parallel'], ['retention.chunkwise']])
  })

  it('forgets at once where gamma is 0', async () => {
    const base = retentionCase({ batch: 1, length: 20, heads: 1, key: 4, value: 8 }, { state: true })
    const nodes = base.graph.nodes.map((node) => ({ ...node, attributes: { ...node.attributes, logDecay: [-1e30] } }))
    for (const form of ['recurrent', 'chunkwise'] as const) {
      await expectMatch(backend, { ...base, graph: { ...base.graph, nodes } as typeof base.graph, options: { form } })
    }
  })
})

describe('losses', () => {
  it('agree with the interpreter and skip targets of -1', async () => {
    for (const width of [1, 63, 129]) {
      const graph = trace('loss', (g) => {
        const [x, t] = [g.input('x', [2, 3, width]), g.input('t', [2, 3], 'i32')]
        return { loss: crossEntropy(x, t), grad: crossEntropyGrad(x, t, g.input('d', [2, 3])) }
      })
      const t = Int32Array.of(0, -1, width - 1, width >> 1, -1, 0)
      const inputs = { x: numbers(6 * width).map((v) => v * 20), t, d: numbers(6, 2) }
      await expectMatch(backend, { graph, inputs }, 3e-6)
    }
  })
})
