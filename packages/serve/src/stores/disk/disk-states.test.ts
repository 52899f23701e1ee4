import fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { storeConformance } from '../conformance.js'
import { DiskStates } from './disk-states.js'

let folder = ''
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'retnet-disk-'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await fs.rm(folder, { recursive: true, force: true })
})

const bytes = Uint8Array.of(1, 2, 3)
const damaged = { name: 'StoreError', problem: 'damaged' }

function failing(code: string): Error {
  return Object.assign(new Error(`${code}: as a test`), { code })
}

test('what a killed writer left is removed at the start, and is no object', async () => {
  await (await DiskStates.open(folder)).put('states/a', bytes)
  for (const name of ['old', 'new']) await fs.writeFile(join(folder, '~tmp', name), 'half')
  await fs.utimes(join(folder, '~tmp', 'old'), 0, 0)
  const states = await DiskStates.open(folder)
  expect(await states.list('')).toEqual(['states/a'])
  expect(await fs.readdir(join(folder, '~tmp')), 'another process may be writing it').toEqual(['new'])
  await DiskStates.open(folder, { alone: true })
  expect(await fs.readdir(join(folder, '~tmp'))).toEqual([])
})

describe('a folder that processes share', () => {
  const conformance = storeConformance(async () => {
    const shared = await fs.mkdtemp(join(tmpdir(), 'retnet-shared-'))
    const open = async (): Promise<{ states: DiskStates }> => ({ states: await DiskStates.open(shared) })
    return {
      stores: await open(),
      pass: async () => {},
      restart: open,
      beside: open,
      [Symbol.asyncDispose]: () => fs.rm(shared, { recursive: true, force: true }),
    }
  }, ['states'])
  test.each(conformance)('%s', (_name, run) => run())
})

test.each([
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['EACCES', 'unavailable'],
  ['EMFILE', 'unavailable'],
  ['EIO', 'unavailable'],
])('%s while writing is %s, and leaves the old object and no other file', async (code, problem) => {
  const states = await DiskStates.open(folder)
  await states.put('states/a', bytes)
  for (const step of ['open', 'rename'] as const) {
    vi.spyOn(fs, step).mockRejectedValueOnce(failing(code))
    await expect(states.put('states/a', new Uint8Array(9))).rejects.toMatchObject({ name: 'StoreError', problem })
  }
  expect(await states.get('states/a')).toEqual(bytes)
  expect(await fs.readdir(join(folder, '~tmp'))).toEqual([])
  expect(await states.put('states/a', new Uint8Array(9))).toBe(true)
})

test('a file cut short, changed, empty, or in the place of another is damaged, never an object', async () => {
  const states = await DiskStates.open(folder)
  await states.put('states/a', bytes)
  await states.put('states/b', Uint8Array.of(1, 2, 4))
  const path = join(folder, 'states', 'a~')
  const whole = await fs.readFile(path)
  for (let length = 0; length < whole.length; length += 1) {
    await fs.writeFile(path, whole.subarray(0, length))
    await expect(states.get('states/a')).rejects.toMatchObject(damaged)
  }
  for (let at = 0; at < whole.length; at += 1) {
    const changed = Buffer.from(whole)
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
    await fs.writeFile(path, changed)
    await expect(states.get('states/a')).rejects.toMatchObject(damaged)
  }
  await fs.copyFile(join(folder, 'states', 'b~'), path)
  await expect(states.get('states/a')).rejects.toMatchObject(damaged)
})

test('a folder that cannot be made is told at the start', async () => {
  await fs.writeFile(join(folder, 'file'), '')
  await expect(DiskStates.open(join(folder, 'file', 'in'))).rejects.toMatchObject({ problem: 'unavailable' })
})
