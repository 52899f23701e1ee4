import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeHub, startFakeHub } from '../../testing/fake-hub.js'
import { encodeSafetensors } from '../safetensors/encode-safetensors.js'
import type { HubOptions, HubProgress } from './hub-options.js'
import { memoryCache } from './memory-cache.js'
import { partialOwner } from './node-cache.js'
import { openHubModel } from './open-hub-model.js'

const weights = encodeSafetensors([
  { name: 'w', shape: [25_000], data: Float32Array.from({ length: 25_000 }, (_, i) => i) },
])
const config = new TextEncoder().encode('{"model_type":"retnet"}')

let hub: FakeHub
let folder: string
beforeEach(async () => {
  hub = await startFakeHub({
    'config.json': config,
    'model.safetensors': weights,
    'README.md': config,
    'pytorch_model.bin': config,
  })
  folder = await mkdtemp(join(tmpdir(), 'retnet-hub-'))
})
afterEach(async () => {
  hub.stop()
  await rm(folder, { recursive: true })
})

const open = (options: HubOptions = {}) =>
  openHubModel('owner/model', {
    hubUrl: hub.url,
    cache: folder,
    retryDelayMs: 1,
    ...options,
    onProgress(event) {
      if (event.phase !== 'offline') hub.loaded = event.loaded
      options.onProgress?.(event)
    },
  })

const weightRequests = () => hub.seen.filter(({ origin }) => origin === 'cdn')

async function savedWeights(options: HubOptions = {}) {
  const { folder: model } = await open(options)
  using file = await model.open('model.safetensors')
  return Buffer.from(await file.read(0, file.size))
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

describe('a bad connection', () => {
  it('continues where the connection was cut', async () => {
    hub.faults['model.safetensors'] = [{ cutAt: 30_000 }, { cutAt: 30_000 }]
    expect(await savedWeights()).toEqual(Buffer.from(weights))
    const [first, second, third] = weightRequests()
    expect([first.range, second.range, third.range]).toEqual([undefined, 'bytes=30000-', 'bytes=60000-'])
    expect(third.ifRange).toMatch(/^"[0-9a-f]{32}"$/)
  })

  const other = weights.map((byte) => byte ^ 1)
  it.each([
    ['changed and the server honours If-Range', [{ cutAt: 30_000, data: other }, {}]],
    ['changed and the server ignores If-Range', [{ cutAt: 30_000, data: other }, { ignoreIfRange: true }, {}]],
    ['changed without any ETag', [{ cutAt: 30_000, data: other, etag: 'W/"weak"' }, { etag: 'W/"weak"' }, {}]],
    ['stayed and the server ignores ranges', [{ cutAt: 30_000 }, { ignoreRange: true }]],
  ])('starts again when the file %s', async (_, sequence) => {
    hub.faults['model.safetensors'] = sequence
    expect(await savedWeights()).toEqual(Buffer.from(weights))
  })

  it('treats a body that ends early without an error as cut', async () => {
    hub.faults['model.safetensors'] = [{ data: weights.slice(0, 500), chunked: true }]
    expect(await savedWeights()).toEqual(Buffer.from(weights))
  })

  it('waits and tries again when the server is busy, for files and for questions', async () => {
    hub.faults = { 'model.safetensors': [{ status: 503 }, { status: 429, retryAfter: '0' }], api: [{ status: 502 }] }
    expect(await savedWeights()).toEqual(Buffer.from(weights))
  })

  it('gives up a connection that sends nothing', async () => {
    hub.faults['model.safetensors'] = [{ hangAt: 40_000 }]
    expect(await savedWeights({ stallMs: 150 })).toEqual(Buffer.from(weights))
    expect(weightRequests()[1].range).toBe('bytes=40000-')
  })

  it('gives up after the given number of failures and keeps what came for the next time', async () => {
    hub.faults['model.safetensors'] = [{ cutAt: 10_000 }, { status: 500 }, { status: 500 }]
    const failed = open({ retries: 2 })
    await expect(failed).rejects.toMatchObject({ name: 'DownloadError', problem: 'network' })
    await expect(failed).rejects.toThrow(`10000 of ${weights.length} bytes are kept`)
    expect(await savedWeights()).toEqual(Buffer.from(weights))
    expect(weightRequests().at(-1)!.range).toBe('bytes=10000-')
  })

  it('does not repeat a request that the server refuses', async () => {
    hub.faults['model.safetensors'] = [{ status: 403 }]
    await expect(open()).rejects.toMatchObject({ name: 'DownloadError', problem: 'status', status: 403 })
    expect(weightRequests().length).toBe(1)
  })

  it.each(['folder', 'memory'])('can be aborted and continued later (%s cache)', async (kind) => {
    const cache = kind === 'folder' ? folder : memoryCache()
    hub.faults['model.safetensors'] = [{ hangAt: 50_000 }]
    const controller = new AbortController()
    const reason = new Error('enough')
    const onProgress = (event: HubProgress) => {
      if (event.phase === 'download' && event.loaded >= 50_000) controller.abort(reason)
    }
    await expect(open({ cache, signal: controller.signal, onProgress })).rejects.toBe(reason)
    if (kind === 'folder') {
      const left = (await filesBelow(folder))
        .map((path) => path.slice(folder.length))
        .filter((path) => path.includes('model.s'))
      expect(left.map((path) => path.replace(/.*model\.safetensors/, ''))).toEqual(['.partial/data', '.partial/etag'])
    }
    expect(await savedWeights({ cache })).toEqual(Buffer.from(weights))
    expect(weightRequests()[1].range).toBe('bytes=50000-')
  })
})

describe('integrity', () => {
  const corrupt = weights.map((byte, i) => (i === 77_777 ? byte ^ 4 : byte))
  const badConfig = new TextEncoder().encode('{"model_type":"retnot"}')

  it('fetches a corrupted file once more', async () => {
    hub.faults = { 'model.safetensors': [{ data: corrupt }], 'config.json': [{ data: badConfig }] }
    expect(await savedWeights()).toEqual(Buffer.from(weights))
    expect(weightRequests().length).toBe(2)
  })

  it.each([
    ['other bytes in a large file', 'model.safetensors', corrupt, 'SHA-256'],
    ['other bytes in a small file', 'config.json', badConfig, 'git blob'],
    ['fewer bytes than announced', 'model.safetensors', weights.slice(0, 1000), '100'],
    ['more bytes than announced', 'config.json', new Uint8Array(2000), '23 bytes'],
  ])('refuses %s and keeps nothing of it', async (_, file, data, expected) => {
    hub.faults[file] = [{ data }, { data }]
    const failed = open()
    await expect(failed).rejects.toMatchObject({
      name: 'IntegrityError',
      file,
      expected: expect.stringContaining(expected),
    })
    expect((await filesBelow(folder)).filter((path) => path.includes(file))).toEqual([])
  })

  it('stops reading a body that does not end', async () => {
    hub.faults['config.json'] = [
      { data: new Uint8Array(5_000_000), chunked: true },
      { data: new Uint8Array(5_000_000), chunked: true },
    ]
    await expect(open()).rejects.toMatchObject({ name: 'IntegrityError' })
  })

  it('with verify, replaces a damaged file in the cache, or refuses it when offline', async () => {
    await open()
    const path = (await filesBelow(folder)).find((name) => name.endsWith('model.safetensors'))!
    await writeFile(path, corrupt)
    await writeFile(path, corrupt)
    await expect(open({ offline: true, verify: true })).rejects.toMatchObject({ name: 'IntegrityError' })
    await open()
    expect(await savedWeights({ verify: true })).toEqual(Buffer.from(weights))
  })
})

describe('several writers of one cache', () => {
  it('gives all of them the right bytes', async () => {
    const models = await Promise.all([savedWeights(), savedWeights(), savedWeights()])
    for (const bytes of models) expect(bytes).toEqual(Buffer.from(weights))
    expect((await filesBelow(folder)).filter((path) => path.includes('.partial'))).toEqual([])
  })

  /** Plants what another process would have left: the first bytes of the weights. */
  async function plantPartial(pid: number) {
    const controller = new AbortController()
    hub.faults['model.safetensors'] = [{ hangAt: 20_000 }]
    const onProgress = (event: HubProgress) => {
      if (event.phase === 'download' && event.loaded >= 20_000) controller.abort()
    }
    await expect(open({ signal: controller.signal, onProgress })).rejects.toThrow('abort')
    const names = await readdir(folder, { recursive: true })
    const released = join(
      folder,
      names.find((name) => name.endsWith('model.safetensors.partial'))!,
    )
    const planted = `${released}-${await partialOwner(pid)}-0`
    await rename(released, planted)
    return planted
  }

  it('continues what a dead process left', async () => {
    const { pid } = spawnSync('true')
    const planted = await plantPartial(pid)
    expect(await savedWeights()).toEqual(Buffer.from(weights))
    expect(weightRequests().at(-1)!.range).toBe('bytes=20000-')
    expect(existsSync(planted)).toBe(false)
  })

  it('leaves the file of a living process alone', async () => {
    const planted = await plantPartial(process.ppid)
    expect(await savedWeights()).toEqual(Buffer.from(weights))
    expect(weightRequests().at(-1)!.range).toBe(undefined)
    expect((await readFile(join(planted, 'data'))).length).toBe(20_000)
  })
})
