import { halfBits } from '@retnet/conformance'
import { halfToNumber } from '@retnet/core'
import { expect, test } from 'vitest'
import { fromHalves, toHalves } from './state-storage.js'

test('halves become numbers and the same halves again', () => {
  const halves = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00)
  expect([...fromHalves(halves)]).toEqual([...halves].map(halfToNumber))
  expect(toHalves(fromHalves(halves))).toEqual(halves)
})

test('numbers between two halves are rounded to the nearer one, ties to even; too large ones become the largest', () => {
  const steps = Array.from({ length: 2000 }, (_, at) => Math.sin(at) * 2 ** ((at % 41) - 26))
  const ties = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -25, 3 * 2 ** -25, 2 ** -14 - 2 ** -25, -65519, 1e-30]
  const data = Float32Array.from([...steps, ...ties])
  expect([...toHalves(data)]).toEqual([...data].map(halfBits))
  expect([...fromHalves(toHalves(Float32Array.of(65520, -1e9, Infinity, NaN)))]).toEqual([65504, -65504, 65504, NaN])
})
