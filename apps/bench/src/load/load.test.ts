import { createHistogram } from 'node:perf_hooks'
import { expect, test } from 'vitest'
import { add, nothingMeasured, percentile, record } from './measured.ts'
import { schedule } from './schedule.ts'
import { slope } from './slope.ts'
import { dataOf } from './stream.ts'

test('arrivals come at their rate, at random, and the same for the same seed', () => {
  const options = { rate: 50, seconds: 100, seed: 3, prompt: [2, 4], output: [7, 7] } as const
  const arrivals = schedule(options)
  expect(Math.abs(arrivals.length - 5000)).toBeLessThan(4 * Math.sqrt(5000))
  expect(schedule(options)).toEqual(arrivals)
  expect(schedule({ ...options, seed: 4 })[0]).not.toEqual(arrivals[0])
  const gaps = arrivals.slice(1).map(({ at }, index) => at - arrivals[index].at)
  // gaps of a Poisson process vary as much as they are long
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
  expect(deviation / mean).toBeCloseTo(1, 1)
  expect(new Set(arrivals.map(({ promptTokens }) => promptTokens))).toEqual(new Set([2, 3, 4]))
  expect(arrivals.every(({ maxTokens }) => maxTokens === 7)).toBe(true)
})

test('what threads have measured is joined', () => {
  const [all, one, two] = [nothingMeasured(), nothingMeasured(), nothingMeasured()]
  for (let ms = 1; ms <= 100; ms++) record((ms % 2 ? one : two).gaps, ms)
  Object.assign(one, { requests: 2, tokens: 50, lastMs: 3 })
  Object.assign(two, { requests: 3, tokens: 50, lastMs: 9, problems: { queue_full: 1 } })
  add(all, one)
  add(all, two)
  expect(all).toMatchObject({ requests: 5, tokens: 100, lastMs: 9, problems: { queue_full: 1 } })
  expect(percentile(all.gaps, 50)).toBeCloseTo(50, 0)
  expect(percentile(all.gaps, 99)).toBeCloseTo(99, 0)
  expect(percentile(createHistogram(), 50)).toBeNaN()
})

test('the slope is that of the line', () => {
  expect(slope([0, 1, 2, 3].map((x) => [x, 5 - 2 * x] as const))).toBeCloseTo(-2)
})

test('events have data, comments have none', () => {
  expect(dataOf('id: a:1\ndata: {"a":1}')).toBe('{"a":1}')
  expect(dataOf(': ping')).toBeNull()
})
