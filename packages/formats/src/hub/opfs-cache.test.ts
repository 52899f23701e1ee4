import { describe, expect, it } from 'vitest'
import { opfsCache } from './opfs-cache.js'

/** A `FileSystemDirectoryHandle` in memory, with what the cache uses of it. `sync` imitates older Safari. */
class FakeFolder {
  readonly entries = new Map<string, FakeFolder | FakeFile>()
  constructor(readonly options: { sync?: boolean; quota?: number }) {}

  async getDirectoryHandle(name: string, { create = false } = {}) {
    return this.get(name, FakeFolder, create)
  }
  async getFileHandle(name: string, { create = false } = {}) {
    const file = this.get(name, FakeFile, create)
    const write = (bytes: Uint8Array<ArrayBuffer>) => {
      if (bytes.length > (this.options.quota ?? Infinity)) throw new DOMException('full', 'QuotaExceededError')
      file.next = bytes.slice()
    }
    const keep = () => void (file.bytes = file.next)
    const getFile = async () => new File([file.bytes], name)
    if (this.options.sync) {
      const access = { truncate: () => {}, write, flush: () => {}, close: keep }
      return { getFile, createSyncAccessHandle: async () => access }
    }
    return {
      getFile,
      createWritable: async () => ({ write: async (bytes: never) => write(bytes), close: async () => keep() }),
    }
  }
  async removeEntry(name: string) {
    if (!this.entries.delete(name)) throw new DOMException('none', 'NotFoundError')
  }
  async *keys() {
    yield* this.entries.keys()
  }
  private get<T extends FakeFolder | FakeFile>(name: string, kind: new (options: object) => T, create: boolean): T {
    const found = this.entries.get(name) ?? (create ? new kind(this.options) : undefined)
    if (!found) throw new DOMException('none', 'NotFoundError')
    if (!(found instanceof kind)) throw new DOMException('other kind', 'TypeMismatchError')
    this.entries.set(name, found)
    return found
  }
}

class FakeFile {
  bytes = new Uint8Array(0)
  next = new Uint8Array(0)
}

/** One holder per name, as `navigator.locks` promises. */
function fakeLocks() {
  const tails = new Map<string, Promise<unknown>>()
  return {
    request(name: string, _: object, hold: () => Promise<void>) {
      const held = (tails.get(name) ?? Promise.resolve()).then(hold)
      tails.set(name, held)
      return held
    },
  } as unknown as LockManager
}

const bytes = (...values: number[]) => Uint8Array.from(values)
const handle = (folder: FakeFolder) => folder as unknown as FileSystemDirectoryHandle

describe.each([{ sync: false }, { sync: true }])('opfsCache (sync access: $sync)', ({ sync }) => {
  it('shows a file only after commit, in segments joined again', async () => {
    const root = new FakeFolder({ sync })
    const cache = await opfsCache(handle(root), { segmentBytes: 4, locks: fakeLocks() })
    const partial = await cache.begin('hub/a/model')
    await partial.restart('"1"')
    for (let i = 0; i < 11; i++) await partial.append(bytes(i))
    expect(partial.size).toBe(11)
    expect(await cache.open('hub/a/model')).toBe(undefined)
    await partial.commit()
    using file = (await cache.open('hub/a/model'))!
    expect([...(await file.read(2, 8))]).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    expect(file.size).toBe(11)
  })

  it('continues after release, and after a tab that vanished with what was stored', async () => {
    const root = new FakeFolder({ sync })
    const first = await opfsCache(handle(root), { segmentBytes: 4, locks: fakeLocks() })
    const vanished = await first.begin('k')
    await vanished.restart('"1"')
    for (let i = 0; i < 6; i++) await vanished.append(bytes(i))
    const second = await opfsCache(handle(root), { segmentBytes: 4, locks: fakeLocks() })
    const again = await second.begin('k')
    expect([again.size, again.etag]).toEqual([4, '"1"'])
    await again.append(bytes(4, 5, 6))
    await again.release()
    const last = await second.begin('k')
    expect(last.size).toBe(7)
    using source = await last.read()
    expect([...(await source.read(0, 7))]).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('replaces, discards and removes', async () => {
    const cache = await opfsCache(handle(new FakeFolder({ sync })), { locks: fakeLocks() })
    for (const value of [1, 2]) {
      const partial = await cache.begin('k')
      expect(partial.size).toBe(0)
      await partial.append(bytes(value))
      await partial.commit()
    }
    using file = (await cache.open('k'))!
    expect([...(await file.read(0, 1))]).toEqual([2])
    await cache.remove('k')
    expect(await cache.open('k')).toBe(undefined)
    const partial = await cache.begin('k')
    await partial.append(bytes(3))
    await partial.discard()
    expect((await cache.begin('k')).size).toBe(0)
  })
})

describe('opfsCache', () => {
  it('lets the second writer of a file wait for the first', async () => {
    const cache = await opfsCache(handle(new FakeFolder({})), { locks: fakeLocks() })
    const first = await cache.begin('k')
    let started = false
    const second = cache.begin('k').then(async (partial) => {
      started = true
      return partial.discard()
    })
    await first.append(bytes(1))
    expect(started).toBe(false)
    await first.commit()
    await second
    expect(started).toBe(true)
  })

  it('does not show a file of which the browser evicted a segment', async () => {
    const root = new FakeFolder({})
    const cache = await opfsCache(handle(root), { segmentBytes: 1, locks: fakeLocks() })
    const partial = await cache.begin('k')
    for (const value of [1, 2, 3]) await partial.append(bytes(value))
    await partial.commit()
    await (root.entries.get('k') as FakeFolder).removeEntry('1')
    expect(await cache.open('k')).toBe(undefined)
  })

  it('reports a full disk and keeps what was stored', async () => {
    const cache = await opfsCache(handle(new FakeFolder({ quota: 2 })), { segmentBytes: 2, locks: fakeLocks() })
    const partial = await cache.begin('k')
    await partial.append(bytes(1, 2))
    await expect(partial.append(bytes(3, 4, 5))).rejects.toThrow('full')
  })
})
