import { describe, expect, test } from 'vitest'
import { SnapshotError, type SnapshotProblem } from '../errors/snapshot-error.js'
import { crc32 } from './crc32.js'
import { decodeSnapshot, decodeSnapshotHeader } from './decode.js'
import { encodeSnapshot } from './encode.js'
import { Fingerprint, fingerprintOf } from './fingerprint.js'
import { type Snapshot, maxHeaderBytes, preambleBytes } from './format.js'

const snapshot: Snapshot = {
  identity: { spec: 'a'.repeat(16), weights: 'b'.repeat(16), tokenizer: 'c'.repeat(16) },
  position: 12_345,
  tensors: {
    'state.layers.0.retention': { shape: [1, 2, 3], data: Float32Array.of(1, -2, 3.5, 0, -0, 1e-40) },
    sampler: { shape: [2], data: Int32Array.of(7, -1) },
    'state.layers.1.retention': { shape: [2], data: Float32Array.of(0.1, 3e38) },
    empty: { shape: [0], data: new Float32Array() },
  },
}
const bytes = encodeSnapshot(snapshot)
const { header, dataStart } = decodeSnapshotHeader(bytes)

function problemOf(damaged: Uint8Array): SnapshotProblem | 'none' {
  try {
    decodeSnapshot(damaged)
    return 'none'
  } catch (error) {
    if (error instanceof SnapshotError) return error.problem
    throw error
  }
}

/** A file with this header, its checksum right. */
function withHeader(value: unknown, data: Uint8Array = bytes.subarray(dataStart)): Uint8Array {
  const text = new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
  const result = new Uint8Array(preambleBytes + text.length + data.length)
  result.set(bytes.subarray(0, 12))
  const view = new DataView(result.buffer)
  view.setUint32(12, text.length, true)
  view.setUint32(16, crc32(text), true)
  result.set(text, preambleBytes)
  result.set(data, preambleBytes + text.length)
  return result
}

describe('a snapshot', () => {
  test('comes back as it was, from any alignment, and the same snapshot gives the same bytes', () => {
    expect(decodeSnapshot(bytes)).toEqual(snapshot)
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect(decodeSnapshot(shifted.subarray(3))).toEqual(snapshot)
    expect(encodeSnapshot(decodeSnapshot(bytes))).toEqual(bytes)
  })

  test('owns its numbers: the bytes may be overwritten afterwards', () => {
    const copy = bytes.slice()
    const decoded = decodeSnapshot(copy)
    copy.fill(255)
    expect(decoded).toEqual(snapshot)
  })

  test('of part of a larger array holds that part', () => {
    const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3)
    const part = { ...snapshot, tensors: { part: { shape: [2], data } } }
    expect([...decodeSnapshot(encodeSnapshot(part)).tensors.part.data]).toEqual([1, 2])
  })

  test('tells its header without its blocks', () => {
    expect(decodeSnapshotHeader(bytes.subarray(0, dataStart)).header).toMatchObject({ position: 12_345 })
  })
})

describe('cut bytes are truncated, never a crash', () => {
  test('at every byte of the preamble', () => {
    expect(problemOf(bytes.subarray(0, 0))).toBe('not-a-snapshot')
    for (let length = 1; length < preambleBytes; length++)
      expect(problemOf(bytes.subarray(0, length)), `${length}`).toBe('truncated')
  })

  test('inside the header, at every boundary of a block and inside each', () => {
    const cuts = [preambleBytes, preambleBytes + 1, dataStart - 1, dataStart]
    let end = dataStart
    for (const block of header.blocks) {
      if (block.bytes) cuts.push(end + 1, end + block.bytes - 1)
      end += block.bytes
      cuts.push(end)
    }
    expect(end).toBe(bytes.length)
    for (const cut of cuts.filter((length) => length < bytes.length)) {
      expect(problemOf(bytes.subarray(0, cut)), `${cut}`).toBe('truncated')
    }
  })

  test('and bytes after the end are noticed', () => {
    const longer = new Uint8Array(bytes.length + 1)
    longer.set(bytes)
    expect(problemOf(longer)).toBe('trailing-bytes')
  })
})

test('a flipped bit anywhere is found', () => {
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [0, 7]) {
      const damaged = bytes.slice()
      damaged[at] ^= 1 << bit
      expect(problemOf(damaged), `byte ${at}, bit ${bit}`).not.toBe('none')
    }
  }
  const flip = (at: number) => {
    const damaged = bytes.slice()
    damaged[at] ^= 1
    return problemOf(damaged)
  }
  expect(flip(0)).toBe('not-a-snapshot')
  expect(flip(8)).toBe('version')
  expect(flip(16)).toBe('checksum')
  expect(flip(preambleBytes + 3)).toBe('checksum')
  expect(flip(dataStart)).toBe('checksum')
  expect(flip(bytes.length - 1)).toBe('checksum')
})

test('a hostile length of the header is refused before anything is made of it', () => {
  for (const [length, problem] of [
    [maxHeaderBytes + 1, 'header'],
    [0xffffffff, 'header'],
    [maxHeaderBytes, 'truncated'],
    [0, 'checksum'],
  ] as const) {
    const hostile = bytes.slice()
    new DataView(hostile.buffer).setUint32(12, length, true)
    expect(problemOf(hostile), `${length}`).toBe(problem)
  }
})

test('hostile headers with a right checksum are refused', () => {
  const [block] = header.blocks
  const blocks = (...list: unknown[]) => ({ ...header, blocks: list })
  const hostile: readonly [string, unknown, SnapshotProblem][] = [
    ['no JSON', '{', 'header'],
    ['null', null, 'header'],
    ['a number', 7, 'header'],
    ['an empty object', {}, 'header'],
    ['no identity', { ...header, identity: undefined }, 'header'],
    ['weights as a number', { ...header, identity: { ...header.identity, weights: 1 } }, 'header'],
    ['tokenizer as null', { ...header, identity: { ...header.identity, tokenizer: null } }, 'header'],
    ['a negative position', { ...header, position: -1 }, 'header'],
    ['a fractional position', { ...header, position: 0.5 }, 'header'],
    ['blocks as an object', { ...header, blocks: {} }, 'header'],
    ['a null block', blocks(null), 'header'],
    ['another dtype', blocks({ ...block, dtype: 'f64' }), 'header'],
    ['a negative extent', blocks({ ...block, shape: [-1, -6] }), 'header'],
    ['an extent as text', blocks({ ...block, shape: ['6'] }), 'header'],
    ['negative bytes', blocks({ ...block, bytes: -24 }), 'header'],
    ['bytes that overflow', blocks({ ...block, bytes: 2 ** 60, shape: [2 ** 58] }), 'header'],
    ['bytes that do not fit the shape', blocks({ ...block, bytes: block.bytes + 4 }), 'shape'],
    ['a shape that overflows', blocks({ ...block, shape: [2 ** 40, 2 ** 40] }), 'shape'],
    ['a huge block', blocks({ ...block, shape: [2 ** 40], bytes: 2 ** 42 }), 'truncated'],
    ['two blocks of one name', blocks(block, block), 'header'],
    ['one block too few', blocks(block), 'trailing-bytes'],
  ]
  for (const [what, value, problem] of hostile) expect(problemOf(withHeader(value)), what).toBe(problem)
  expect(problemOf(withHeader(header))).toBe('none')
})

test('names of an object prototype are ordinary names of blocks', () => {
  const odd = {
    ...snapshot,
    tensors: {
      constructor: { shape: [1], data: Float32Array.of(1) },
      toString: { shape: [1], data: Int32Array.of(2) },
    },
  }
  expect(decodeSnapshot(encodeSnapshot(odd))).toEqual(odd)
})

test.each([Number.NaN, Infinity, -Infinity])('a block with %d is refused', (value) => {
  const sick = { ...snapshot, tensors: { memory: { shape: [2], data: Float32Array.of(1, value) } } }
  expect(problemOf(encodeSnapshot(sick))).toBe('not-finite')
})

test('the CRC-32 is the usual one, at every length and place', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
  const bitByBit = (all: Uint8Array) => {
    let value = -1
    for (const byte of all) {
      value ^= byte
      for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
    }
    return ~value >>> 0
  }
  const long = Uint8Array.from({ length: 70 }, (_, at) => (at * at * 131) & 255)
  for (let from = 0; from < 9; from++) {
    for (let to = from; to <= long.length; to++) {
      const part = long.subarray(from, to)
      expect(crc32(part)).toBe(bitByBit(part))
    }
  }
})

describe('fingerprints', () => {
  test('do not change between releases', () => {
    expect(fingerprintOf({ a: 1, b: [true, null, 'x'], c: { d: 0.5 } })).toMatchInlineSnapshot(`"d302d548ba9cf49c"`)
    expect(new Fingerprint().add('w', Uint8Array.of(1, 2, 3, 4, 5)).digest()).toMatchInlineSnapshot(
      `"4823972ab01f1f8f"`,
    )
  })

  test('do not depend on the order of keys or on keys without value', () => {
    expect(fingerprintOf({ a: 1, b: { c: 2, d: 3 } })).toBe(fingerprintOf({ b: { d: 3, c: 2 }, a: 1, e: undefined }))
    expect(fingerprintOf([1, 2])).not.toBe(fingerprintOf([2, 1]))
  })

  test('tell small differences apart: a name, a bit, a length, an order, a boundary', () => {
    const of = (...tensors: (readonly [string, readonly number[]])[]) =>
      tensors.reduce((print, [name, data]) => print.add(name, Uint8Array.from(data)), new Fingerprint()).digest()
    const variants = [
      of(['w', [1, 2, 3, 4, 5]]),
      of(['v', [1, 2, 3, 4, 5]]),
      of(['w', [1, 2, 3, 4, 4]]),
      of(['w', [0, 2, 3, 4, 5]]),
      of(['w', [1, 2, 3, 4, 5, 0]]),
      of(['w', [1, 2, 3, 4]], ['x', [5]]),
      of(['x', [5]], ['w', [1, 2, 3, 4]]),
      of(['w', []]),
      of(),
    ]
    expect(new Set(variants).size).toBe(variants.length)
    for (const print of variants) expect(print).toMatch(/^[0-9a-f]{16}$/)
  })
})
