import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SafetensorsError } from '../errors.js'
import { openFile } from '../sources/file-source.js'
import { memorySource } from '../sources/memory-source.js'
import { encodeSafetensors } from './encode-safetensors.js'
import { openSafetensors } from './open-safetensors.js'
import type { TensorFile } from './tensor-file.js'
import { writeSafetensors } from './write-safetensors.js'

const root = new URL('../../../../', import.meta.url).pathname
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retnet-formats-'))
})
afterAll(() => rm(folder, { recursive: true }))

const open = (bytes: Uint8Array<ArrayBuffer>) => openSafetensors(memorySource(bytes, 'test.safetensors'))

function problemOf(act: () => unknown) {
  try {
    act()
  } catch (error) {
    if (error instanceof SafetensorsError) return error.problem
    throw error
  }
  return undefined
}

async function inputs(file: TensorFile) {
  return Promise.all(
    [...file.tensors.values()].map(async ({ name, dtype, shape }) => ({
      name,
      dtype,
      shape,
      data: await file.read(name),
    })),
  )
}

describe('encodeSafetensors', () => {
  it('gives back every type bit by bit', async () => {
    const tensors = [
      { name: 'f32', shape: [3], data: Float32Array.of(1, -0, Number.NaN) },
      { name: 'f64', shape: [1], data: Float64Array.of(Math.PI) },
      { name: 'f16', shape: [2], dtype: 'F16' as const, data: Uint16Array.of(0x3c00, 0xfc00) },
      { name: 'bf16', shape: [2], dtype: 'BF16' as const, data: Uint16Array.of(0x3f80, 0x8001) },
      { name: 'u16', shape: [1], dtype: 'U16' as const, data: Uint16Array.of(65535) },
      { name: 'i16', shape: [1], data: Int16Array.of(-2) },
      { name: 'i8', shape: [1, 1, 1], data: Int8Array.of(-3) },
      { name: 'u8', shape: [5], data: Uint8Array.of(1, 2, 3, 4, 5) },
      { name: 'bool', shape: [1], dtype: 'BOOL' as const, data: Uint8Array.of(1) },
      { name: 'i32', shape: [], data: Int32Array.of(-4) },
      { name: 'u32', shape: [1], data: Uint32Array.of(4_000_000_000) },
      { name: 'i64', shape: [2], data: BigInt64Array.of(-5n, 2n ** 31n - 1n) },
      { name: 'u64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
      { name: 'empty', shape: [0, 7], data: new Float32Array(0) },
    ]
    using file = await open(encodeSafetensors(tensors, { note: 'café' }))
    expect(file.metadata).toEqual({ note: 'café' })
    for (const { name, shape, data } of tensors) {
      expect(file.tensors.get(name)?.shape).toEqual(shape)
      const expected = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      expect([...(await file.read(name))], name).toEqual([...expected])
    }
    expect([...(await file.readFloat32('f16'))]).toEqual([1, -Infinity])
    expect([...(await file.readFloat32('bf16'))]).toEqual([1, -(2 ** -133)])
    expect([...(await file.readInt32('i64'))]).toEqual([-5, 2147483647])
    expect([...(await file.readInt32('i32'))]).toEqual([-4])
  })

  it('gives the same bytes for any order of tensors and metadata, with every tensor aligned to its type', async () => {
    const a = { name: 'a', shape: [3], data: Uint8Array.of(1, 2, 3) }
    const b = { name: 'b', shape: [1], data: BigInt64Array.of(1n) }
    const c = { name: 'c', shape: [1], data: Float32Array.of(1) }
    const bytes = encodeSafetensors([a, b, c], { x: '1', y: '2' })
    expect(encodeSafetensors([c, a, b], { y: '2', x: '1' })).toEqual(bytes)
    using file = await open(bytes)
    expect([...file.tensors.values()].map(({ name, offset }) => [name, offset % 8])).toEqual([
      ['b', 0],
      ['c', 0],
      ['a', 4],
    ])
  })

  it('writes views of a larger buffer, and reads unaligned data into aligned arrays', async () => {
    const buffer = Float32Array.of(9, 1, 2, 9)
    const bytes = encodeSafetensors([{ name: 'view', shape: [2], data: buffer.subarray(1, 3) }])
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    using file = await open(shifted.subarray(3))
    expect([...(await file.readFloat32('view'))]).toEqual([1, 2])
  })

  it.each([
    ['a Uint16Array without dtype', { shape: [1], data: Uint16Array.of(1) }, 'data'],
    ['data of another type', { shape: [1], dtype: 'F16' as const, data: Float32Array.of(1) }, 'data'],
    ['too little data', { shape: [3], data: Float32Array.of(1) }, 'shape'],
    ['a negative size', { shape: [-1, -1], data: Float32Array.of(1) }, 'shape'],
    ['an unknown dtype', { shape: [1], dtype: 'F8' as never, data: Uint8Array.of(1) }, 'dtype'],
    ['the reserved name', { name: '__metadata__', shape: [1], data: Uint8Array.of(1) }, 'header-form'],
  ])('refuses %s', (_, tensor, problem) => {
    expect(problemOf(() => encodeSafetensors([{ name: 'w', ...tensor }]))).toBe(problem)
  })

  it('refuses the same name twice', () => {
    const tensor = { name: 'w', shape: [1], data: Uint8Array.of(1) }
    expect(() => encodeSafetensors([tensor, tensor])).toThrow('tensor "w": is given twice')
  })
})

describe('openSafetensors', () => {
  it('refuses integers that do not fit, and reads of another type', async () => {
    using file = await open(
      encodeSafetensors([
        { name: 'big', shape: [2], data: BigInt64Array.of(0n, 2n ** 31n) },
        { name: 'real', shape: [1], data: Float32Array.of(1) },
      ]),
    )
    await expect(file.readInt32('big')).rejects.toThrow('element 1 is 2147483648')
    await expect(file.readInt32('real')).rejects.toMatchObject({ problem: 'dtype', tensor: 'real' })
    await expect(file.readFloat32('big')).rejects.toMatchObject({ problem: 'dtype', tensor: 'big' })
  })

  it('names the closest tensor when one is missing', async () => {
    using file = await open(encodeSafetensors([{ name: 'model.norm.weight', shape: [1], data: Float32Array.of(1) }]))
    await expect(file.read('norm.weight')).rejects.toThrow('The closest name is "model.norm.weight"')
  })

  it('hands out memory of its own: changing a result does not change the file', async () => {
    using file = await open(encodeSafetensors([{ name: 'w', shape: [1], data: Float32Array.of(1) }]))
    const first = await file.readFloat32('w')
    first[0] = 7
    expect([...(await file.readFloat32('w'))]).toEqual([1])
  })
})

describe('files of the reference implementation', async () => {
  const fixtures = (await readdir(join(root, 'fixtures'))).filter((name) => !name.endsWith('.md'))
  const files = fixtures.flatMap((name) => [
    `fixtures/${name}/model.safetensors`,
    `fixtures/${name}/expected.safetensors`,
  ])

  it.each([...files, 'models/novels-7m/model.safetensors'])('writes %s again byte for byte', async (path) => {
    using file = await openSafetensors(await openFile(join(root, path)))
    const copy = join(folder, 'copy.safetensors')
    await writeSafetensors(copy, await inputs(file), file.metadata)
    expect(Buffer.compare(await readFile(copy), await readFile(join(root, path)))).toBe(0)
  })

  it('widens half precision weights to finite numbers', async () => {
    const path = join(root, 'models/novels-7m/model.safetensors')
    using file = await openSafetensors(await openFile(path))
    const info = [...file.tensors.values()].find(({ dtype }) => dtype === 'F16')!
    const values = await file.readFloat32(info.name)
    expect(values.length).toBe(info.bytes / 2)
    expect(values.every(Number.isFinite)).toBe(true)
  })
})

describe('writeSafetensors', () => {
  it('makes lazy tensors one at a time and writes what encodeSafetensors would', async () => {
    const names = ['a', 'b', 'c']
    const made: string[] = []
    const lazy = names.map((name) => ({
      name,
      shape: [63],
      dtype: 'F32' as const,
      data: async () => {
        made.push(name)
        return new Float32Array(63).fill(name.charCodeAt(0))
      },
    }))
    const path = join(folder, 'lazy.safetensors')
    await writeSafetensors(path, lazy, { a: 'b' })
    const eager = names.map((name) => ({ name, shape: [63], data: new Float32Array(63).fill(name.charCodeAt(0)) }))
    expect(new Uint8Array(await readFile(path))).toEqual(encodeSafetensors(eager, { a: 'b' }))
    expect(made).toEqual(names)
  })

  it.each([
    ['a tensor cannot be made', () => Promise.reject(new Error('no memory'))],
    ['a tensor comes out too long', () => new Float32Array(3)],
  ])('leaves the old file and no other when %s', async (_, data) => {
    const path = join(folder, 'old.safetensors')
    await writeFile(path, 'old')
    const tensors = [{ name: 'w', shape: [2], dtype: 'F32' as const, data }]
    await expect(writeSafetensors(path, tensors)).rejects.toThrow()
    expect(await readFile(path, 'utf8')).toBe('old')
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('stops when aborted', async () => {
    const path = join(folder, 'aborted.safetensors')
    const tensors = [{ name: 'w', shape: [1], data: Float32Array.of(1) }]
    await expect(writeSafetensors(path, tensors, {}, { signal: AbortSignal.abort() })).rejects.toThrow('abort')
    expect(existsSync(path)).toBe(false)
  })
})
