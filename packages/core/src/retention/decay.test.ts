import { expect, test } from 'vitest'
import { decaySum, logDecays } from './decay.js'

// both from 40-digit decimal arithmetic
const powers = [-0.0317486983145803, -0.01574835696813917, -0.007843177461025893, -0.003913899321136329]
const linspace = [-0.0317486983145803, -0.01247911195233439, -0.0049337173937404714, -0.0019550348358033506]

test('power decays are log(1 - 2^(-5 - h)) to 1e-15', () => {
  logDecays('power', 4).forEach((value, head) => expect(Math.abs(value - powers[head])).toBeLessThan(1e-17))
  // 1 - 2^(-5 - 60) is 1 in float64; its logarithm is not 0
  expect(logDecays('power', 61)[60]).toBe(-(2 ** -65))
})

test('linspace decays go from 1/32 to 1/512 in the logarithm, to 1e-15', () => {
  logDecays('linspace', 4).forEach((value, head) => expect(Math.abs(value - linspace[head])).toBeLessThan(1e-15))
  expect(logDecays('linspace', 1)).toEqual([logDecays('linspace', 4)[0]])
})

test('a list is taken as it is, and only numbers in (0, 1] are decays', () => {
  expect(logDecays([1, 0.5], 2)).toEqual([0, -Math.LN2])
  for (const bad of [0, -0.5, 1.01, Number.NaN])
    expect(() => logDecays([0.5, bad], 2)).toThrow('decay: expected 2 numbers in (0, 1]')
  expect(() => logDecays([0.5], 2)).toThrow('got "1 numbers"')
})

test('the decay sum is exact for gamma = 1, near 1 and far positions', () => {
  expect(decaySum(0, 99_999)).toBe(100_000)
  expect(decaySum(Math.log(0.5), 0)).toBe(1)
  expect(decaySum(Math.log(0.5), 2)).toBeCloseTo(1.75, 15)
  // gamma = 1 - 2^-16: (1 - gamma^n) / 2^-16 by repeated summation
  const gamma = 1 - 2 ** -16
  let total = 0
  for (let i = 0; i <= 100_000; i++) total = total * gamma + 1
  expect(decaySum(Math.log1p(-(2 ** -16)), 100_000) / total).toBeCloseTo(1, 12)
})
