import { describe, expect, it } from 'vitest'
import { SafetensorsError, UnsupportedFileError } from '../errors.js'
import { memorySource } from '../sources/memory-source.js'
import { openSafetensors } from './open-safetensors.js'

type Entry = { dtype?: unknown; shape?: unknown; data_offsets?: unknown; [key: string]: unknown }

function file(header: string | Uint8Array | Record<string, Entry>, dataBytes = 0, headerLength?: bigint) {
  const text = typeof header === 'string' || header instanceof Uint8Array ? header : JSON.stringify(header)
  const head = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const bytes = new Uint8Array(8 + head.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, headerLength ?? BigInt(head.length), true)
  bytes.set(head, 8)
  return bytes
}

const f32 = (begin: number, end: number, shape: unknown = [(end - begin) / 4]): Entry => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
})

async function problemOf(bytes: Uint8Array<ArrayBuffer>) {
  const error = await openSafetensors(memorySource(bytes, 'bad.safetensors')).then(
    () => undefined,
    (caught: unknown) => caught,
  )
  if (!(error instanceof SafetensorsError)) throw new Error(`expected a SafetensorsError, got ${String(error)}`)
  expect(error.message.startsWith('bad.safetensors:')).toBe(true)
  expect(error.message.length).toBeLessThan(800)
  return error.tensor === undefined ? error.problem : `${error.problem} ${error.tensor}`
}

const cases: Array<[string, Uint8Array<ArrayBuffer>, string]> = [
  ['an empty file', new Uint8Array(0), 'truncated'],
  ['seven bytes', new Uint8Array(7), 'truncated'],
  ['no header at all', file('', 0), 'header-text'],
  ['a header longer than the file', file('{}', 0, 1000n), 'header-length'],
  ['a header of more than 100 MB', file('{}', 0, 100_000_001n), 'header-length'],
  ['a header length of 2^64 - 1', file('{}', 0, 2n ** 64n - 1n), 'header-length'],
  ['a cut header', file('{"a":{"dtype":"F32","sha', 0), 'header-text'],
  ['bad UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), 'header-text'],
  ['an overlong UTF-8 slash', file(Uint8Array.of(0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x7d)), 'header-text'],
  ['a byte order mark', file('\ufeff{}'), 'header-text'],
  ['invalid JSON', file('{"a":}'), 'header-text'],
  ['an unclosed string', file(`{"${'\\"'.repeat(50_000)}`), 'header-text'],
  ['JSON followed by text', file('{}x'), 'header-text'],
  ['an array', file('[]'), 'header-text'],
  ['deep nesting', file(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 'header-text'],
  ['a tensor that is no object', file('{"a":7}'), 'header-form a'],
  ['a tensor that is null', file('{"a":null}'), 'header-form a'],
  ['an unknown key', file({ a: { ...f32(0, 4), stride: [1] } }, 4), 'header-form a'],
  ['metadata that is not text', file('{"__metadata__":{"a":1}}'), 'metadata'],
  [
    'a lone surrogate in a name',
    file('{"\\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    'header-text \ud800',
  ],
  ['an unknown dtype', file({ a: { ...f32(0, 4), dtype: 'F8_E4M3' } }, 4), 'dtype a'],
  ['a dtype inherited by every object', file({ a: { ...f32(0, 4), dtype: 'constructor' } }, 4), 'dtype a'],
  ['no dtype', file({ a: { shape: [1], data_offsets: [0, 4] } }, 4), 'dtype a'],
  ['no shape', file({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), 'shape a'],
  ['a fractional size', file({ a: f32(0, 4, [0.5]) }, 4), 'shape a'],
  ['a negative size', file({ a: f32(0, 4, [-1, -1]) }, 4), 'shape a'],
  ['a size as text', file({ a: f32(0, 4, ['1']) }, 4), 'shape a'],
  ['a size of 2^53', file({ a: f32(0, 4, [2 ** 53]) }, 4), 'shape a'],
  ['a product of 2^60', file({ a: f32(0, 4, [2 ** 30, 2 ** 30]) }, 4), 'shape a'],
  ['a product of 2^60 hidden by a zero', file({ a: f32(0, 0, [2 ** 30, 2 ** 30, 0]) }), 'shape a'],
  ['more elements than bytes', file({ a: f32(0, 4, [2]) }, 4), 'shape a'],
  ['fewer elements than bytes', file({ a: f32(0, 8, [1]) }, 8), 'shape a'],
  ['no offsets', file({ a: { dtype: 'F32', shape: [1] } }, 4), 'offsets a'],
  ['three offsets', file({ a: { ...f32(0, 4), data_offsets: [0, 4, 8] } }, 8), 'offsets a'],
  ['a negative offset', file({ a: { ...f32(0, 4), data_offsets: [-4, 0] } }, 4), 'offsets a'],
  ['a fractional offset', file({ a: { ...f32(0, 4), data_offsets: [0, 4.5] } }, 8), 'offsets a'],
  ['offsets in the wrong order', file({ a: { ...f32(0, 4), data_offsets: [4, 0] } }, 4), 'offsets a'],
  ['an end past the file', file({ a: f32(0, 8) }, 4), 'offsets a'],
  ['an end of 2^52', file({ a: f32(0, 2 ** 52) }, 4), 'offsets a'],
  ['overlapping tensors', file({ a: f32(0, 8), b: f32(4, 12) }, 12), 'overlap b'],
  ['two tensors at one place', file({ a: f32(0, 4), b: f32(0, 4) }, 4), 'overlap b'],
  ['a gap between tensors', file({ a: f32(0, 4), b: f32(8, 12) }, 12), 'gap b'],
  ['a gap before the first tensor', file({ a: f32(4, 8) }, 8), 'gap a'],
  ['trailing bytes', file({ a: f32(0, 4) }, 5), 'trailing-bytes a'],
  ['data without tensors', file('{}', 4), 'trailing-bytes'],
  [
    'a duplicate name',
    file(`{"a":${JSON.stringify(f32(0, 4))},"\\u0061":${JSON.stringify(f32(4, 8))}}`, 8),
    'duplicate-name a',
  ],
  [
    'a duplicate key in an entry',
    file('{"a":{"dtype":"U8","dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4),
    'duplicate-name',
  ],
  ['a million tensors', file(`{${Array.from({ length: 1e6 }, (_, i) => `"${i}":0`).join(',')}}`), 'too-many-tensors'],
]

describe('openSafetensors', () => {
  it.each(cases)('refuses %s', async (_, bytes, expected) => {
    expect(await problemOf(bytes)).toBe(expected)
  })

  it('does not ask a source for more than it has, whatever the header claims', async () => {
    const source = memorySource(file({ a: f32(0, 2 ** 40) }, 4))
    const asked: number[] = []
    const spy = {
      ...source,
      read: (offset: number, length: number) => {
        asked.push(offset + length)
        return source.read(offset, length)
      },
    }
    await expect(openSafetensors(spy)).rejects.toThrow('data_offsets end at 1099511627776')
    expect(Math.max(...asked)).toBeLessThanOrEqual(source.size)
  })

  it('answers 3,000 random changes of a good file with a typed error or with tensors inside the file', async () => {
    let state = 7
    const random = (below: number) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below
    const good = file({ first: f32(0, 8, [2, 1]), second: f32(8, 12), '3': f32(12, 12, [0]) }, 12)
    let accepted = 0
    for (let i = 0; i < 3000; i++) {
      const changed = good.slice(0, random(4) === 0 ? random(good.length) : good.length)
      for (let change = random(3); change >= 0 && changed.length > 0; change--) {
        changed[random(changed.length)] = random(2) === 0 ? random(256) : '0123456789[]{}":,-.e'.charCodeAt(random(20))
      }
      const opened = await openSafetensors(memorySource(changed, 'bad.safetensors')).catch((error: unknown) => error)
      if (opened instanceof SafetensorsError || opened instanceof UnsupportedFileError) continue
      if (opened instanceof Error) throw opened
      accepted++
      const tensors = [...(opened as Awaited<ReturnType<typeof openSafetensors>>).tensors.values()]
      expect(tensors.every(({ offset, bytes }) => offset + bytes <= changed.length)).toBe(true)
    }
    // Changes of a name or of the numbers themselves are no errors.
    expect(accepted).toBeGreaterThan(100)
  })

  it.each([
    ['a zip from torch.save', [0x50, 0x4b, 3, 4, 0, 0, 8, 8, 0, 0]],
    ['a bare pickle', [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9]],
  ])('refuses %s and says how to convert it', async (_, bytes) => {
    const opened = openSafetensors(memorySource(Uint8Array.from(bytes), 'model.safetensors'))
    await expect(opened).rejects.toThrow(UnsupportedFileError)
    await expect(opened).rejects.toThrow('save_file')
  })

  it('accepts a header of 640 bytes, whose length looks like the start of a pickle', async () => {
    using opened = await openSafetensors(memorySource(file('{}'.padEnd(640))))
    expect(opened.tensors.size).toBe(0)
  })

  it('accepts scalars, empty tensors, names like __proto__, and headers in any order', async () => {
    const header = `{"b":${JSON.stringify(f32(4, 8))},"__proto__":${JSON.stringify(f32(0, 4, []))},"7":${JSON.stringify(f32(8, 8, [3, 0]))}}`
    using opened = await openSafetensors(memorySource(file(header, 8)))
    expect([...opened.tensors.values()].map(({ name, shape }) => [name, shape])).toEqual([
      ['__proto__', []],
      ['b', [1]],
      ['7', [3, 0]],
    ])
    expect([...(await opened.readFloat32('7'))]).toEqual([])
  })
})
