import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commitA, commitB, type FakeHub, startFakeHub } from '../../testing/fake-hub.js'
import { encodeSafetensors } from '../safetensors/encode-safetensors.js'
import { openSafetensors } from '../safetensors/open-safetensors.js'
import type { HubOptions, HubProgress } from './hub-options.js'
import { memoryCache } from './memory-cache.js'
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

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

describe('openHubModel', () => {
  it('fetches what a model needs, follows redirects, pages the listing, and reports progress', async () => {
    const events: HubProgress[] = []
    const model = await open({ onProgress: (event) => events.push(event) })
    expect(model).toMatchObject({ commit: commitA, origin: 'hub', revision: 'main' })
    expect(await model.folder.list()).toEqual(['config.json', 'model.safetensors'])
    expect(await model.folder.readText('config.json')).toBe('{"model_type":"retnet"}')
    using file = await openSafetensors(await model.folder.open('model.safetensors'))
    expect((await file.readFloat32('w'))[24_999]).toBe(24_999)
    expect(hub.seen.map(({ path }) => path).join()).not.toMatch(/README|\.bin/)
    const overallTotal = config.length + weights.length
    expect(events[0]).toEqual({
      phase: 'download',
      file: 'config.json',
      loaded: config.length,
      total: config.length,
      fileIndex: 0,
      files: 2,
      overallLoaded: config.length,
      overallTotal,
    })
    expect(events.at(-1)).toEqual({
      phase: 'verified',
      file: 'model.safetensors',
      loaded: weights.length,
      total: weights.length,
      fileIndex: 1,
      files: 2,
      overallLoaded: overallTotal,
      overallTotal,
    })
  })

  it('sends the token to the hub and to nobody else', async () => {
    await open({ accessToken: 'secret' })
    expect(hub.seen.filter(({ origin }) => origin === 'hub').every(({ token }) => token === 'Bearer secret')).toBe(true)
    expect(weightRequests().map(({ token }) => token)).toEqual([undefined])
  })

  it('calls the given fetch as browsers need theirs to be called, as a plain function', async () => {
    const receivers: unknown[] = []
    async function plain(this: unknown, ...args: Parameters<typeof fetch>) {
      receivers.push(this)
      return fetch(...args)
    }
    await open({ fetch: plain })
    expect(new Set(receivers)).toEqual(new Set([undefined]))
  })

  it('asks only for the commit when everything is in the cache, and for nothing when given the commit', async () => {
    await open()
    hub.seen.length = 0
    const events: HubProgress[] = []
    await open({ onProgress: (event) => events.push(event) })
    expect(hub.seen.filter(({ path }) => !path.startsWith('/api/'))).toEqual([])
    expect(events.map(({ phase }) => phase)).toEqual(['cached', 'cached'])
    hub.seen.length = 0
    expect(await open({ revision: commitA })).toMatchObject({ commit: commitA, origin: 'cache' })
    expect(hub.seen).toEqual([])
  })

  it('writes nothing when everything is in the cache, which may be read-only', async () => {
    const cache = memoryCache()
    await open({ cache })
    const readOnly = { ...cache, begin: () => Promise.reject(new Error('read-only file system')) }
    expect(await open({ cache: readOnly })).toMatchObject({ origin: 'hub' })
    hub.head = commitB
    await expect(open({ cache: readOnly })).rejects.toMatchObject({ name: 'DownloadError', problem: 'storage' })
  })

  it('keeps revisions apart', async () => {
    await open()
    hub.head = commitB
    hub.files['config.json'] = new TextEncoder().encode('{"model_type":"other"}')
    const second = await open()
    expect([second.commit, await second.folder.readText('config.json')]).toEqual([commitB, '{"model_type":"other"}'])
    const first = await open({ revision: commitA, offline: true })
    expect(await first.folder.readText('config.json')).toBe('{"model_type":"retnet"}')
  })

  it('fetches the shards of the index and no other weights', async () => {
    const map = { weight_map: { v: 'model-1.safetensors', w: 'model-2.safetensors' } }
    hub.files = {
      'config.json': config,
      'model.safetensors.index.json': new TextEncoder().encode(JSON.stringify(map)),
      'model-1.safetensors': weights,
      'model-2.safetensors': weights,
      'adapter.safetensors': weights,
    }
    const { files: chosen } = await open()
    expect(chosen.map(({ name }) => name)).toEqual([
      'config.json',
      'model.safetensors.index.json',
      'model-1.safetensors',
      'model-2.safetensors',
    ])
    delete hub.files['model-2.safetensors']
    await expect(open({ cache: memoryCache() })).rejects.toThrow('its index names model-2.safetensors, which it lacks')
  })

  it('refuses a repository that has only pickles, and one without weights', async () => {
    delete hub.files['model.safetensors']
    await expect(open()).rejects.toMatchObject({
      name: 'UnsupportedFileError',
      message: expect.stringContaining('save_file'),
    })
    delete hub.files['pytorch_model.bin']
    await expect(open()).rejects.toMatchObject({ name: 'ModelNotFoundError' })
  })

  it('never writes outside the cache, whatever names the hub lists', async () => {
    hub.listing = (entries) => entries.map((entry) => ({ ...entry, path: '../../../evil.safetensors' }))
    await expect(open()).rejects.toMatchObject({ name: 'UnsafePathError' })
    expect(await filesBelow(folder)).toEqual([])
  })

  it('says what to do about an unknown repository, also when an older copy is in the cache', async () => {
    await open()
    hub.faults.api = [{ status: 404 }]
    await expect(open()).rejects.toMatchObject({
      name: 'ModelNotFoundError',
      fix: expect.stringContaining('accessToken'),
    })
  })

  it.each([
    ['an unknown option', 'owner/model', { revison: 'x' }, 'revison'],
    ['a path', '../model', {}, 'repository'],
    ['three parts', 'a/b/c', {}, 'repository'],
    ['a revision that climbs', 'owner/model', { revision: 'a/../b' }, 'revision'],
    ['two revisions', 'https://huggingface.co/owner/model/tree/v1', { revision: 'v2' }, 'revision'],
    ['a hub that is no address', 'owner/model', { hubUrl: 'ftp://x' }, 'hubUrl'],
    ['negative retries', 'owner/model', { retries: -1 }, 'retries'],
  ])('refuses %s before asking the hub', async (_, id, options, option) => {
    const opened = openHubModel(id, { hubUrl: hub.url, cache: folder, ...options })
    await expect(opened).rejects.toMatchObject({ name: 'OptionError', option })
    expect(hub.seen).toEqual([])
  })
})

describe('offline', () => {
  it('opens a complete copy without a single request', async () => {
    await open()
    hub.seen.length = 0
    expect(await open({ offline: true })).toMatchObject({ commit: commitA, origin: 'cache' })
    expect(hub.seen).toEqual([])
  })

  it('falls back to the copy when the hub cannot be reached, and says so', async () => {
    await open()
    hub.stop()
    const events: HubProgress[] = []
    const model = await open({ retries: 1, onProgress: (event) => events.push(event) })
    expect(model).toMatchObject({ commit: commitA, origin: 'cache' })
    expect(events[0]).toMatchObject({
      phase: 'offline',
      commit: commitA,
      reason: expect.stringContaining('cannot be reached'),
    })
  })

  it('refuses a revision that is not in the cache', async () => {
    await open()
    await expect(open({ offline: true, revision: 'v2' })).rejects.toMatchObject({
      name: 'ModelNotFoundError',
      revision: 'v2',
    })
    hub.stop()
    await expect(open({ revision: commitB, retries: 0 })).rejects.toMatchObject({
      name: 'DownloadError',
      problem: 'network',
    })
  })

  it('does not take a half-downloaded newer commit for the revision', async () => {
    await open()
    hub.head = commitB
    hub.files['config.json'] = new TextEncoder().encode('{"model_type":"other"}')
    hub.files['model.safetensors'] = weights.map((byte) => byte ^ 1)
    hub.faults['model.safetensors'] = [{ status: 403 }]
    await expect(open()).rejects.toThrow('403')
    expect(await open({ offline: true })).toMatchObject({ commit: commitA })
  })

  it('refuses a copy from which a file was deleted', async () => {
    await open()
    await rm((await filesBelow(folder)).find((path) => path.endsWith('config.json'))!)
    await expect(open({ offline: true })).rejects.toMatchObject({ name: 'ModelNotFoundError' })
  })
})
