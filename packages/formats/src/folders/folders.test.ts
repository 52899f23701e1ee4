import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeSafetensors } from '../safetensors/encode-safetensors.js'
import { openShardedSafetensors } from '../safetensors/open-sharded-safetensors.js'
import { blobFolder } from './blob-folder.js'
import { readJson } from './model-folder.js'
import { nodeFolder } from './node-folder.js'
import { urlFolder } from './url-folder.js'

const shard = (...names: string[]) =>
  encodeSafetensors(names.map((name) => ({ name, shape: [2], data: Float32Array.of(name.length, 1) })))

const index = (map: Record<string, unknown>) => JSON.stringify({ metadata: { total_size: 1 }, weight_map: map })

function folderOf(files: Record<string, string | Uint8Array<ArrayBuffer>>) {
  return blobFolder(new Map(Object.entries(files).map(([name, data]) => [name, new Blob([data])])), 'model')
}

const open = (files: Record<string, string | Uint8Array<ArrayBuffer>>) => openShardedSafetensors(folderOf(files))

describe('openShardedSafetensors', () => {
  it('reads tensors of all shards as one file and reports those that the index leaves out', async () => {
    using file = await open({
      'model.safetensors.index.json': index({ one: 'a.safetensors', three: 'sub/b.safetensors' }),
      'a.safetensors': shard('one', 'extra'),
      'sub/b.safetensors': shard('three'),
    })
    expect([...file.tensors.keys()]).toEqual(['one', 'three'])
    expect(file.shards).toEqual(['a.safetensors', 'sub/b.safetensors'])
    expect([...(await file.readFloat32('three'))]).toEqual([5, 1])
    expect(file.unlisted).toEqual(['extra'])
    await expect(file.read('extra')).rejects.toMatchObject({ problem: 'missing-tensor' })
  })

  it.each([
    '../../etc/passwd',
    '../b.safetensors',
    '/etc/passwd',
    'a/../../b.safetensors',
    '..\\b.safetensors',
    'C:/b.safetensors',
    'file:///etc/passwd',
    'https://example.org/b.safetensors',
    'a//b.safetensors',
    '',
    'b\0.safetensors',
  ])('refuses the shard path %j', async (path) => {
    const opened = open({ 'model.safetensors.index.json': index({ w: path }), [path]: shard('w') })
    await expect(opened).rejects.toMatchObject({ name: 'UnsafePathError', path })
  })

  const a = shard('w')
  it.each([
    ['a missing shard', { w: 'b.safetensors' }, { problem: 'missing-shard' }],
    [
      'a tensor that its shard lacks',
      { w: 'a.safetensors', v: 'a.safetensors' },
      { problem: 'missing-tensor', tensor: 'v' },
    ],
    [
      'a tensor in two shards',
      { w: 'a.safetensors', x: 'two.safetensors' },
      { problem: 'duplicate-name', tensor: 'w' },
    ],
    ['a shard that is no text', { w: 7 }, { problem: 'metadata', tensor: 'w' }],
    ['a shard that is a pickle', { w: 'model.bin' }, { problem: 'missing-shard', tensor: 'w' }],
    ['no tensors', {}, { name: 'JsonError' }],
  ])('refuses %s', async (_, map, expected) => {
    const files = { 'model.safetensors.index.json': index(map), 'a.safetensors': a, 'two.safetensors': shard('w', 'x') }
    await expect(open(files)).rejects.toMatchObject(expected)
  })

  it.each([
    [
      'a duplicate tensor',
      '{"weight_map":{"w":"a.safetensors","w":"b.safetensors"}}',
      { problem: 'duplicate-name', tensor: 'w' },
    ],
    ['no weight_map', '{}', { name: 'JsonError' }],
    ['broken JSON', '{"weight_map":', { name: 'JsonError' }],
  ])('refuses an index with %s', async (_, text, expected) => {
    await expect(open({ 'model.safetensors.index.json': text })).rejects.toMatchObject(expected)
  })

  const path = new URL('../../../../../shared/models/novels-16m', import.meta.url).pathname
  it.skipIf(!existsSync(path))('opens a real model in three shards (skipped where ../shared is absent)', async () => {
    using file = await openShardedSafetensors(await nodeFolder(path))
    expect(file.shards.length).toBe(3)
    expect(file.tensors.size).toBe(90)
    expect(file.unlisted).toEqual([])
    for (const name of [...file.tensors.keys()].filter((_, i) => i % 15 === 0)) {
      expect((await file.readFloat32(name)).every(Number.isFinite), name).toBe(true)
    }
  })
})

describe('nodeFolder', () => {
  let base: string
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'retnet-folders-'))
    await mkdir(join(base, 'model'))
    await writeFile(join(base, 'model/config.json'), '{"a":1}')
    await writeFile(join(base, 'outside.json'), '{}')
    await symlink('../outside.json', join(base, 'model/link.json'))
    await symlink('config.json', join(base, 'model/inside.json'))
  })
  afterAll(() => rm(base, { recursive: true }))

  it('lists and reads its files, and follows links only inside', async () => {
    const folder = await nodeFolder(join(base, 'model'))
    expect(await folder.list()).toEqual(['config.json', 'inside.json', 'link.json'])
    expect(await readJson(folder, 'inside.json')).toEqual({ a: 1 })
    await expect(folder.readText('link.json')).rejects.toMatchObject({ name: 'UnsafePathError' })
    await expect(folder.readText('../outside.json')).rejects.toMatchObject({ name: 'UnsafePathError' })
    await expect(folder.readText('none.json')).rejects.toMatchObject({ problem: 'not-found' })
    await expect(folder.readText('config.json', 3)).rejects.toThrow('at most 3 bytes')
  })

  it('follows the links of the Python hub cache', async () => {
    const repository = join(base, 'models--x--y')
    await mkdir(join(repository, 'blobs'), { recursive: true })
    await mkdir(join(repository, 'snapshots/abc'), { recursive: true })
    await writeFile(join(repository, 'blobs/123'), '{"b":2}')
    await symlink('../../blobs/123', join(repository, 'snapshots/abc/config.json'))
    expect(await readJson(await nodeFolder(join(repository, 'snapshots/abc')), 'config.json')).toEqual({ b: 2 })
  })

  it('refuses a missing folder and a file', async () => {
    await expect(nodeFolder(join(base, 'none'))).rejects.toMatchObject({ problem: 'not-found' })
    await expect(nodeFolder(join(base, 'outside.json'))).rejects.toMatchObject({ problem: 'not-a-file' })
  })
})

describe('blobFolder', () => {
  it('drops the chosen folder from names', async () => {
    const file = (path: string) => Object.defineProperty(new File(['{}'], 'x'), 'webkitRelativePath', { value: path })
    const folder = blobFolder([file('my-model/config.json'), file('my-model/sub/a.json')])
    expect(await folder.list()).toEqual(['config.json', 'sub/a.json'])
    expect(await readJson(folder, 'sub/a.json')).toEqual({})
  })

  it('refuses text that is no UTF-8 and JSON with duplicate keys', async () => {
    const folder = folderOf({ 'a.json': Uint8Array.of(0x22, 0xff, 0x22), 'b.json': '{"a":{"b":1,"b":2}}' })
    await expect(readJson(folder, 'a.json')).rejects.toThrow('not valid UTF-8')
    await expect(readJson(folder, 'b.json')).rejects.toThrow('duplicate key "b"')
  })
})

describe('urlFolder', () => {
  it('finds the usual files by asking and keeps odd names inside the folder', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      const found = request.url === '/a%20model/config.json'
      response.writeHead(found ? 200 : 404).end(found && request.method === 'GET' ? '{"c":3}' : '')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const folder = urlFolder(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a%20model`)
      expect(await folder.list()).toEqual(['config.json'])
      expect(await readJson(folder, 'config.json')).toEqual({ c: 3 })
      await expect(folder.open('%2e%2e/secret?x#y')).rejects.toMatchObject({ problem: 'not-found' })
      expect(asked.at(-1)).toBe('GET /a%20model/%252e%252e/secret%3Fx%23y')
    } finally {
      server.close()
    }
  })
})
