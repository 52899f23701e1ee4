import type * as Sqlite from 'node:sqlite'
import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../errors.js'
import { fromSqlite } from './sqlite-error.js'
import { migrations } from './schema.js'

// 'RNET': so that the file of another program is not taken for ours
const APPLICATION_ID = 0x524e4554
const BUSY_TIMEOUT_MS = 2000

/** Opens or makes the database, for this process alone: SQLite holds the lock of the file until it ends, however it ends. */
export async function openDatabase(path: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await sqliteOfNode()
  try {
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
    try {
      return prepare(database, path)
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    throw fromSqlite(error, path)
  }
}

function prepare(database: DatabaseSync, path: string): DatabaseSync {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON')
  database.exec('PRAGMA synchronous = FULL; BEGIN IMMEDIATE')
  const version = checkVersion(database, path)
  for (const migration of migrations.slice(version)) database.exec(migration)
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}; COMMIT`)
  return database
}

function checkVersion(database: DatabaseSync, path: string): number {
  const application = pragma(database, 'application_id')
  const version = pragma(database, 'user_version')
  const isEmpty = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()!.tables === 0
  if (!isEmpty && application !== APPLICATION_ID)
    throw new StoreError('damaged', `${path} is a database of another program.`, { fix: 'Name another folder.' })
  if (version > migrations.length)
    throw new StoreError('damaged', `${path} has version ${version}, this program knows up to ${migrations.length}.`, {
      fix: 'Use the newer program.',
    })
  return version
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()![name])
}

async function sqliteOfNode(): Promise<typeof Sqlite> {
  try {
    return await import('node:sqlite')
  } catch (cause) {
    throw new StoreError('unavailable', `Node ${process.version} has no SQLite.`, { cause, fix: 'Use 22.13 or newer.' })
  }
}
