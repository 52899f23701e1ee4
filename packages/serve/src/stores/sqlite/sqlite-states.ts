import { crc32 } from 'node:zlib'
import { checkKey, checkPrefix } from '../common/check-key.js'
import type { StateStore } from '../contract.js'
import { StoreError } from '../errors.js'
import type { Database } from './database.js'

/** Small objects in the database. */
export class SqliteStates implements StateStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async put(key: string, bytes: Uint8Array, { ifAbsent = false }: { ifAbsent?: boolean } = {}): Promise<boolean> {
    checkKey(key)
    const copy = new Uint8Array(bytes)
    const otherwise = ifAbsent ? 'NOTHING' : 'UPDATE SET crc = excluded.crc, bytes = excluded.bytes'
    const sql = `INSERT INTO object (key, crc, bytes) VALUES (?, ?, ?) ON CONFLICT (key) DO ${otherwise}`
    return this.#database.write(true, () => this.#database.run(sql, key, crc32(copy), copy) === 1)
  }

  async get(key: string): Promise<Uint8Array | null> {
    checkKey(key)
    const [row] = this.#database.all<{ crc: number; bytes: Uint8Array }>(
      'SELECT crc, bytes FROM object WHERE key = ?',
      key,
    )
    if (row === undefined) return null
    if (crc32(row.bytes) !== row.crc) throw new StoreError('damaged', `${key}: its checksum does not fit.`)
    return row.bytes
  }

  async delete(key: string): Promise<void> {
    checkKey(key)
    await this.#database.write(true, () => this.#database.run('DELETE FROM object WHERE key = ?', key))
  }

  async list(prefix: string, { after = '', limit = 1000 }: { after?: string; limit?: number } = {}): Promise<string[]> {
    checkPrefix(prefix)
    // '~' comes after every character of a key
    const sql = 'SELECT key FROM object WHERE key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?'
    return this.#database.all<{ key: string }>(sql, prefix, `${prefix}~`, after, limit).map(({ key }) => key)
  }

  async close(): Promise<void> {
    this.#database.close()
  }
}
