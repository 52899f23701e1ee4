import { decodeWeight, reference } from '@retnet/core'
import { expect, test } from 'vitest'
import { cases } from './cases/cases.js'
import { difference, isWithin } from './run/difference.js'
import { evaluate } from './run/evaluate.js'
import { caseGraph, prepare } from './run/prepare.js'
import { timeCase, showTimes } from './run/time.js'
import { exceptionsById } from './exception.js'
import { encodeWeight, halfBits } from './values/encode.js'
import { random } from './values/random.js'

test('every case has its own id and holds the op that it is about', () => {
  const ids = cases.map(({ id }) => id)
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  const without = cases
    .filter(({ op }) => op !== 'graph')
    .filter((opCase) => !caseGraph(opCase).nodes.some(({ op }) => op === opCase.op))
  expect(without.map(({ id }) => id)).toEqual([])
})

test('every maker, encoding and name of `by` belongs to something that the graph declares', () => {
  for (const opCase of cases) {
    const { inputs, parameters, states } = caseGraph(opCase)
    const declared = [...inputs, ...parameters, ...states].map(({ name }) => name)
    const named = [...Object.keys(opCase.values ?? {}), ...Object.keys(opCase.encodings ?? {}), ...(opCase.by ?? [])]
    expect(
      named.filter((name) => !declared.includes(name)),
      opCase.id,
    ).toEqual([])
  }
})

test('the numbers of a case are the same every time', () => {
  const [opCase] = cases.filter(({ op }) => op === 'retention')
  expect(prepare(opCase, caseGraph(opCase)).inputs).toEqual(prepare(opCase, caseGraph(opCase)).inputs)
  const next = random('a seed')
  expect([next(), next()].map((value) => value.toFixed(6))).toMatchInlineSnapshot(`
    [
      "0.111135",
      "0.926037",
    ]
  `)
})

test('a backend that computes something else is found out', async () => {
  const honest = reference()
  const wrong: typeof honest = {
    ...honest,
    async compile(graph, options) {
      const program = await honest.compile(graph, options)
      return {
        ...program,
        async run(...args) {
          const outputs = await program.run(...args)
          // one number of each output is off by a little, as a wrong tail of a kernel would be
          for (const data of Object.values(outputs)) {
            const largest = Math.max(...Array.from(data, Math.abs))
            data[data.length - 1] += data instanceof Int32Array ? 1 : 1e-3 * (largest || 1)
          }
          return outputs
        },
      }
    },
  }
  const unnoticed: string[] = []
  for (const opCase of cases.filter(({ op }) => op !== 'retention' && op !== 'graph')) {
    if ((await evaluate(wrong, opCase)).every(isWithin)) unnoticed.push(opCase.id)
  }
  expect(unnoticed).toEqual([])
})

test('a NaN, an infinity and a missing tensor are differences', () => {
  expect(isWithin(difference('y', Float32Array.of(1, Number.NaN), [1, 2], 1))).toBe(false)
  expect(isWithin(difference('y', Float32Array.of(1, Infinity), [1, 2], 1))).toBe(false)
  expect(isWithin(difference('y', undefined, [1], 1))).toBe(false)
  expect(isWithin(difference('y', Float32Array.of(1, 2), [1], 1))).toBe(false)
  expect(isWithin(difference('y', Float32Array.of(1, 2.1), [1, 2], 0.06))).toBe(true)
})

test('an exception for an unknown case, or without a reason, throws', () => {
  expect(() => exceptionsById([{ reason: 'no kernel', cases: ['matmul: nonsense'] }], ['matmul: a'])).toThrow(
    'no kernel: there is no case "matmul: nonsense".',
  )
  expect(() => exceptionsById([{ reason: ' ', cases: [] }], [])).toThrow('An exception needs a reason.')
  const exception = { reason: 'no kernel', cases: ['matmul: a'] }
  expect(exceptionsById([exception], ['matmul: a']).get('matmul: a')).toBe(exception)
})

test('halves round to the nearest, ties to even', () => {
  const known = [
    [0, 0],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [2 ** -14, 0x0400],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2 - 2 ** -12, 0x4000],
  ]
  for (const [value, bits] of known) expect(halfBits(value), String(value)).toBe(bits)
})

// the largest magnitude of a block of q4 may be met by a number of the other sign, which 7 steps do not reach
test.each([
  ['q8', 0.5],
  ['q4', 1],
] as const)('%s is within %s steps of each block', (encoding, steps) => {
  const next = random(encoding)
  const values = Float32Array.from({ length: 3 * 70 }, () => next() - 0.5)
  const weight = encodeWeight({ dtype: 'f32', shape: [3, 70] }, encoding, values)
  expect(weight.scales).toHaveLength(9)
  decodeWeight(weight).forEach((value, at) => {
    const scale = weight.scales![Math.floor(at / 70) * 3 + Math.floor((at % 70) / 32)]
    expect(Math.abs(value - values[at])).toBeLessThanOrEqual(Math.abs(scale) * (steps + 1e-6))
  })
})

test('times are a table with one row a case', async () => {
  const some = cases.slice(0, 2)
  const rows = await Promise.all(some.map((opCase) => timeCase(reference(), opCase, { milliseconds: 0 })))
  const lines = showTimes(rows).split('\n')
  expect(lines).toHaveLength(3)
  for (const { id } of some) expect(lines.some((line) => line.endsWith(id))).toBe(true)
})
