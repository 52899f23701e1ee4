import { randomUUID } from 'node:crypto'
import fs from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { checkKey, checkPrefix } from '../common/check-key.js'
import { closedError } from '../common/closed.js'
import type { StateStore } from '../contract.js'
import { fromDisk, fromOpening, isAbsent } from './disk-error.js'
import { isFile, pathOf, wordOf } from './file-names.js'
import { seal, unseal } from './seal.js'

// no key is stored under this name
const TEMPORARY = '~tmp'
const LEFTOVER_MS = 3600_000

/** Objects as files, one a key. A file is seen whole or not at all: it is written elsewhere, flushed, and then given its name. */
export class DiskStates implements StateStore {
  readonly #folder: string
  #closed = false

  private constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Makes the folder, which several processes may share, and removes what writers left behind that were killed: all of it if this process
   * is `alone`, otherwise what nobody can be writing any more.
   */
  static async open(folder: string, { alone = false }: { alone?: boolean } = {}): Promise<DiskStates> {
    const temporary = join(folder, TEMPORARY)
    try {
      await fs.mkdir(temporary, { recursive: true })
      for (const name of await fs.readdir(temporary)) await removeLeftover(join(temporary, name), alone)
      return new DiskStates(folder)
    } catch (error) {
      throw fromOpening(error, folder)
    }
  }

  async put(key: string, bytes: Uint8Array, { ifAbsent = false }: { ifAbsent?: boolean } = {}): Promise<boolean> {
    const path = this.#path(key)
    const temporary = join(this.#folder, TEMPORARY, randomUUID())
    try {
      await writeFlushed(temporary, seal(key, bytes))
      const made = await fs.mkdir(dirname(path), { recursive: true })
      if (ifAbsent && !(await linkIfAbsent(temporary, path))) return false
      if (!ifAbsent) await fs.rename(temporary, path)
      await this.#flushFolders(dirname(path), made !== undefined)
      return true
    } catch (error) {
      throw fromDisk(error, key)
    } finally {
      // what cannot be removed now is removed at the next start
      await fs.rm(temporary, { force: true }).catch(() => {})
    }
  }

  async get(key: string): Promise<Uint8Array | null> {
    const path = this.#path(key)
    try {
      return unseal(key, await fs.readFile(path))
    } catch (error) {
      if (isAbsent(error)) return null
      throw fromDisk(error, key)
    }
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key)
    try {
      await fs.unlink(path)
      await flush(dirname(path))
    } catch (error) {
      if (!isAbsent(error)) throw fromDisk(error, key)
    }
  }

  async list(prefix: string, { after = '', limit = 1000 }: { after?: string; limit?: number } = {}): Promise<string[]> {
    if (this.#closed) throw closedError('state store')
    checkPrefix(prefix)
    try {
      const keys = await this.#walk(this.#folder, '', prefix)
      return keys
        .filter((key) => key > after)
        .toSorted((a, b) => (a < b ? -1 : 1))
        .slice(0, limit)
    } catch (error) {
      throw fromDisk(error, prefix)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #path(key: string): string {
    if (this.#closed) throw closedError('state store')
    checkKey(key)
    return join(this.#folder, pathOf(key))
  }

  async #walk(folder: string, base: string, prefix: string): Promise<string[]> {
    const names = await fs.readdir(folder)
    const found = names
      .filter((name) => name !== TEMPORARY)
      .map(async (name) => {
        const key = base + wordOf(name)
        if (isFile(name)) return key.startsWith(prefix) ? [key] : []
        const inside = `${key}/`
        const matters = inside.startsWith(prefix) || prefix.startsWith(inside)
        return matters ? this.#walk(join(folder, name), inside, prefix) : []
      })
    return (await Promise.all(found)).flat()
  }

  /** Makes the new name durable, and with it the new folders on the way to it. */
  async #flushFolders(folder: string, all: boolean): Promise<void> {
    await flush(folder)
    if (all && folder !== this.#folder) await this.#flushFolders(dirname(folder), true)
  }
}

async function removeLeftover(path: string, alone: boolean): Promise<void> {
  try {
    const isOld = alone || (await fs.stat(path)).mtimeMs < Date.now() - LEFTOVER_MS
    if (isOld) await fs.rm(path, { force: true })
  } catch (error) {
    // another process was faster
    if (!isAbsent(error)) throw error
  }
}

async function writeFlushed(path: string, parts: readonly Uint8Array[]): Promise<void> {
  await using file = await fs.open(path, 'wx')
  for (const part of parts) await file.writeFile(part)
  await file.sync()
}

async function linkIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await fs.link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function flush(folder: string): Promise<void> {
  await using handle = await fs.open(folder, 'r')
  await handle.sync()
}
