import { describe, expect, it } from 'vitest'
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './half.js'

const everyHalf = Uint16Array.from({ length: 65536 }, (_, i) => i)

/** The definition of binary16, in plain arithmetic. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = (bits & 1023) / 1024
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15))
}

/** The nearest half by searching its two neighbours among all finite halves, ties to the even pattern. */
function nearestHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  let low = 0
  let high = 0x7c00
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (half(middle) <= size) low = middle
    else high = middle
  }
  const above = high === 0x7c00 ? 65536 : half(high)
  const toLow = size - half(low)
  const toHigh = above - size
  const roundsDown = toLow < toHigh || (toLow === toHigh && low % 2 === 0)
  return sign | (roundsDown ? low : high)
}

function bitsOf(values: Float32Array<ArrayBuffer>) {
  return new Uint32Array(values.buffer)
}

/** Float32 patterns spread over the whole range, from a fixed generator. */
function spreadFloats(count: number): Float32Array<ArrayBuffer> {
  let state = 12345
  const bits = Uint32Array.from({ length: count }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0))
  return new Float32Array(bits.buffer)
}

describe('float16ToFloat32', () => {
  it('widens all 65,536 halves exactly, with zeros, subnormals, infinities and NaN', () => {
    const wide = float16ToFloat32(everyHalf)
    const wrong = everyHalf.filter((bits) => !Object.is(wide[bits], half(bits)))
    expect([...wrong]).toEqual([])
  })

  it('keeps the payload and sign of NaN', () => {
    expect([...bitsOf(float16ToFloat32(Uint16Array.of(0x7c01, 0xfe55)))]).toEqual([0x7f802000, 0xffcaa000])
  })
})

describe('float32ToFloat16', () => {
  it('gives back every half that was widened; signalling NaN becomes quiet', () => {
    const back = float32ToFloat16(float16ToFloat32(everyHalf))
    const expected = everyHalf.map((bits) => ((bits & 0x7fff) > 0x7c00 ? bits | 0x200 : bits))
    expect(back).toEqual(expected)
  })

  it('rounds to nearest, ties to even, at every midpoint between two halves and just beside it', () => {
    const beside = (value: number, step: number) => {
      const bits = bitsOf(Float32Array.of(value))
      bits[0] += step
      return new Float32Array(bits.buffer)[0]
    }
    const wrong: number[] = []
    for (let bits = 0; bits < 0x7c00; bits++) {
      const next = bits + 1 === 0x7c00 ? 65536 : half(bits + 1)
      const middle = (half(bits) + next) / 2
      const got = float32ToFloat16(Float32Array.of(beside(middle, -1), middle, beside(middle, 1), -middle))
      const even = bits % 2 === 0 ? bits : bits + 1
      const expected = [bits, even, bits + 1, even | 0x8000]
      if (got.some((value, i) => value !== expected[i])) wrong.push(bits)
    }
    expect(wrong).toEqual([])
  })

  it('agrees with a search for the nearest half over the whole float32 range', () => {
    const values = spreadFloats(20_000).filter((value) => !Number.isNaN(value))
    const got = float32ToFloat16(values)
    const wrong = values.filter((value, i) => got[i] !== nearestHalf(value))
    expect([...wrong]).toEqual([])
  })
})

describe('bfloat16', () => {
  it('gives back all 65,536 patterns; signalling NaN becomes quiet', () => {
    const back = float32ToBfloat16(bfloat16ToFloat32(everyHalf))
    const expected = everyHalf.map((bits) => ((bits & 0x7fff) > 0x7f80 ? bits | 0x40 : bits))
    expect(back).toEqual(expected)
  })

  it('rounds to nearest, ties to even, and overflows to infinity', () => {
    const bits = Uint32Array.of(0x3f808000, 0x3f818000, 0x3f807fff, 0x3f808001, 0x7f7fffff, 0xff7fffff, 0x00008000)
    expect([...float32ToBfloat16(new Float32Array(bits.buffer))]).toEqual([
      0x3f80, 0x3f82, 0x3f80, 0x3f81, 0x7f80, 0xff80, 0x0000,
    ])
  })

  it('never turns NaN into infinity', () => {
    const bits = Uint32Array.of(0x7f800001, 0xffffffff)
    expect([...float32ToBfloat16(new Float32Array(bits.buffer))]).toEqual([0x7fc0, 0xffff])
    expect([...float32ToFloat16(new Float32Array(bits.buffer))]).toEqual([0x7e00, 0xffff])
  })
})
