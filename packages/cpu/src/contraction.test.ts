import { type Backend, add, batchMatmul, embed, matmul, scatterAdd, trace } from '@retnet/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cpu } from './backend.js'
import { encode, expectMatch, numbers } from './testing.js'

let backend: Backend
beforeAll(async () => {
  backend = await cpu({ threads: 2, poison: true })
})
afterAll(() => backend.dispose())

describe('matmul', () => {
  const sizes = [
    [1, 1, 1],
    [1, 100, 63],
    [3, 63, 129],
    [8, 31, 40],
    [9, 129, 63],
    [63, 100, 129],
    [129, 17, 300],
  ]
  it.each(sizes)(
    'agrees with the interpreter for %i x %i with inner %i, for every transposition',
    async (rows, columns, depth) => {
      for (const transposeA of [false, true]) {
        for (const transposeB of [false, true]) {
          const graph = trace('product', (g) => {
            const a = g.input('a', transposeA ? [depth, rows] : [rows, depth])
            const b = g.input('b', transposeB ? [columns, depth] : [depth, columns])
            return { y: matmul(a, b, { transposeA, transposeB }) }
          })
          await expectMatch(backend, { graph, inputs: { a: numbers(rows * depth), b: numbers(columns * depth, 2) } })
        }
      }
    },
  )

  it.each(['f32', 'f16', 'q8', 'q4'] as const)(
    'reads %s weights as they are stored, at odd sizes, in both kernels',
    async (encoding) => {
      for (const [rows, columns, depth] of [
        [1, 129, 63],
        [5, 63, 100],
        [8, 9, 1],
        [20, 63, 129],
        [63, 10, 515],
      ]) {
        const graph = trace('layer', (g) => {
          const x = g.input('x', [rows, depth])
          return { y: matmul(x, g.parameter('w', [columns, depth]), { transposeB: true }) }
        })
        const weights = { w: encode(numbers(columns * depth, 3), [columns, depth], encoding) }
        const { kernels } = await expectMatch(
          backend,
          { graph, inputs: { x: numbers(rows * depth) }, weights },
          // activations are rounded to 16 and 8 bits where there are few rows of them
          encoding === 'q8' ? 3e-5 : encoding === 'q4' && rows <= 8 ? 1e-2 : 3e-6,
        )
        expect(Object.keys(kernels)).toContain(`${rows <= 8 ? 'gemv' : 'gemm'}.${encoding}`)
      }
    },
  )

  it('multiplies 4 bits by activations that 8 bits hold without an error', async () => {
    for (const simd of ['relaxed', 'baseline'] as const) {
      const level = await cpu({ threads: 1, simd })
      for (const [rows, columns, depth] of [
        [1, 129, 63],
        [3, 7, 100],
        [8, 66, 256],
      ]) {
        const graph = trace('whole', (g) => ({
          y: matmul(g.input('x', [rows, depth]), g.parameter('w', [columns, depth]), { transposeB: true }),
        }))
        // in each block of 32 the largest is 127, so that the scale is 1
        const x = numbers(rows * depth).map((value, at) => ((at % depth) % 32 === 0 ? -127 : Math.round(value * 127)))
        const w = encode(numbers(columns * depth, 3), [columns, depth], 'q4')
        await expectMatch(level, { graph, inputs: { x }, weights: { w } })
      }
      level.dispose()
    }
  })

  it('widens every finite half exactly, subnormals included', async () => {
    const finite = Uint16Array.from({ length: 65536 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00)
    const graph = trace('rows', (g) => ({
      y: embed(g.parameter('w', [finite.length / 64, 64]), g.input('ids', [finite.length / 64], 'i32')),
    }))
    const type = { dtype: 'f32', shape: [finite.length / 64, 64] } as const
    const ids = Int32Array.from({ length: finite.length / 64 }, (_, index) => index)
    await expectMatch(backend, { graph, inputs: { ids }, weights: { w: { type, encoding: 'f16', data: finite } } }, 0)
  })

  it('multiplies halves by activations of any size', async () => {
    const w = encode(numbers(5 * 63, 3), [5, 63], 'f16')
    const graph = trace('large', (g) => ({
      y: matmul(g.input('x', [1, 63]), g.parameter('w', [5, 63]), { transposeB: true }),
    }))
    for (const size of [1e-30, 1e-3, 7e4, 1e20, 3e36]) {
      await expectMatch(backend, { graph, inputs: { x: numbers(63).map((value) => value * size) }, weights: { w } })
    }
  })

  it('keeps infinities of halves', async () => {
    const graph = trace('infinite', (g) => ({
      y: matmul(g.input('x', [1, 2]), g.parameter('w', [1, 2]), { transposeB: true }),
    }))
    const w = await backend.upload({
      type: { dtype: 'f32', shape: [1, 2] },
      encoding: 'f16',
      data: Uint16Array.of(0x7c00, 0),
    })
    const program = await backend.compile(graph, { weights: { w } })
    expect((await program.run({ x: Float32Array.of(1, 1) }, null)).y[0]).toBe(Infinity)
    program.dispose()
  })

  it('unpacks a packed weight for other uses', async () => {
    for (const encoding of ['f16', 'q8', 'q4'] as const) {
      const graph = trace('other', (g) => {
        const w = g.parameter('w', [63, 33])
        return { y: matmul(g.input('x', [5, 63]), w), z: add(w, w) }
      })
      const weights = { w: encode(numbers(63 * 33), [63, 33], encoding) }
      await expectMatch(backend, { graph, inputs: { x: numbers(5 * 63, 4) }, weights })
    }
  })

  it('adds a residual in the same kernel, on either side', async () => {
    for (const rows of [1, 63]) {
      const graph = trace('residual', (g) => {
        const [x, w, r] = [g.input('x', [rows, 300]), g.input('w', [129, 300]), g.input('r', [rows, 129])]
        const product = () => matmul(x, w, { transposeB: true })
        return { left: add(product(), r), right: add(r, product()), both: add(product(), product()) }
      })
      const inputs = { x: numbers(rows * 300), w: numbers(129 * 300, 2), r: numbers(rows * 129, 3) }
      const { kernels } = await expectMatch(backend, { graph, inputs })
      const kernel = rows === 1 ? 'gemv' : 'gemm'
      expect(kernels).toEqual({ [`${kernel}.f32+add`]: 3, [`${kernel}.f32`]: 1 })
    }
  })

  it('gives zeros for an empty inner axis', async () => {
    const graph = trace('empty', (g) => ({ y: matmul(g.input('a', [2, 0]), g.input('b', [0, 3])) }))
    await expectMatch(backend, { graph, inputs: { a: new Float32Array(0), b: new Float32Array(0) } })
  })
})

describe('batchMatmul', () => {
  it('agrees with the interpreter for every transposition', async () => {
    for (const [batch, rows, columns, depth] of [
      [1, 63, 9, 20],
      [3, 7, 100, 33],
    ]) {
      for (const transposeA of [false, true]) {
        for (const transposeB of [false, true]) {
          const graph = trace('products', (g) => {
            const a = g.input('a', [1, batch, ...(transposeA ? [depth, rows] : [rows, depth])])
            const b = g.input('b', [1, batch, ...(transposeB ? [columns, depth] : [depth, columns])])
            return { y: batchMatmul(a, b, { transposeA, transposeB }) }
          })
          const inputs = { a: numbers(batch * rows * depth), b: numbers(batch * columns * depth, 2) }
          await expectMatch(backend, { graph, inputs })
        }
      }
    }
  })
})

describe('embed and scatterAdd', () => {
  it.each(['f32', 'f16', 'q8', 'q4'] as const)('picks rows of a %s table', async (encoding) => {
    const graph = trace('rows', (g) => ({ y: embed(g.parameter('w', [9, 63]), g.input('ids', [2, 3], 'i32')) }))
    const weights = { w: encode(numbers(9 * 63), [9, 63], encoding) }
    await expectMatch(backend, { graph, inputs: { ids: Int32Array.of(0, 8, 3, 3, 7, 1) }, weights })
  })

  it('adds rows with the same id', async () => {
    const graph = trace('scatter', (g) => ({ y: scatterAdd(g.input('x', [5, 63]), g.input('ids', [5], 'i32'), 7) }))
    await expectMatch(backend, { graph, inputs: { x: numbers(5 * 63), ids: Int32Array.of(6, 0, 6, 6, 2) } })
  })
})
