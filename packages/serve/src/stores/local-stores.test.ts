import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { Stores } from './contract.js'
import { storeConformance } from './conformance.js'
import { localStores } from './local-stores.js'
import { Connection } from './sqlite/database.js'
import { SqliteStates } from './sqlite/sqlite-states.js'
import { testClock } from './testing.js'

async function closeAll({ queue, leases, log, states }: Stores): Promise<void> {
  for (const store of [queue, leases, log, states]) await store.close()
}

async function newFolder(): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'retnet-stores-'))
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

const conformance = storeConformance(async () => {
  const { folder, ...removal } = await newFolder()
  const clock = testClock()
  const open = (name: string): Promise<Stores> => localStores(join(folder, name), { ...clock, agingMs: 500 })
  const stores = await open('first')
  const opened = [stores]
  return {
    stores,
    pass: clock.pass,
    // a killed process leaves exactly what is in the files at that moment
    restart: async () => {
      await cp(join(folder, 'first'), join(folder, 'second'), { recursive: true })
      const second = await open('second')
      opened.push(second)
      return second
    },
    beside: async () => stores,
    [Symbol.asyncDispose]: async () => {
      for (const each of opened) await closeAll(each)
      await removal[Symbol.asyncDispose]()
    },
  }
})

test.each(conformance)('%s', (_name, run) => run())

test('a folder belongs to one process, and is free once it is closed', async () => {
  await using it = await newFolder()
  const first = await localStores(it.folder)
  await expect(localStores(it.folder)).rejects.toMatchObject({ name: 'StoreError', problem: 'unavailable' })
  await closeAll(first)
  await closeAll(await localStores(it.folder))
})

test('states and checkpoints are files, records are not; all are listed as one', async () => {
  await using it = await newFolder()
  const stores = await localStores(it.folder)
  const { states } = stores
  const keys = ['checkpoints/t/a', 'sessions/t/a', 'snapshots/t/a', 'states/t/a']
  for (const key of keys.toReversed()) await states.put(key, new Uint8Array(3))
  expect(await states.list('')).toEqual(keys)
  expect(await states.list('s', { after: 'sessions/t/a', limit: 1 })).toEqual(['snapshots/t/a'])
  expect(await states.list('check')).toEqual([keys[0]])
  await closeAll(stores)
  const names = await readdir(it.folder)
  expect(names.filter((name) => !name.startsWith('retnet.db')).toSorted()).toEqual(['checkpoints', 'states', '~tmp'])
})

test('a database of a newer program, of another program, or damaged is refused and left alone', async () => {
  await using it = await newFolder()
  await closeAll(await localStores(it.folder))
  const change = (sql: string): void => {
    using database = new DatabaseSync(join(it.folder, 'retnet.db'))
    database.exec(sql)
  }
  change('PRAGMA user_version = 99')
  await expect(localStores(it.folder)).rejects.toThrow(/version 99, this program knows up to/)
  change('PRAGMA application_id = 7; PRAGMA user_version = 1')
  await expect(localStores(it.folder)).rejects.toThrow(/database of another program/)
})

test('a full database changes nothing, says so, and goes on when there is room', async () => {
  await using it = await newFolder()
  const connection = await Connection.open(join(it.folder, 'retnet.db'))
  const database = connection.share()
  const states = new SqliteStates(connection.share())
  await states.put('small', new Uint8Array(10))
  const pages = database.all<{ page_count: number }>('PRAGMA page_count')[0].page_count
  database.all(`PRAGMA max_page_count = ${pages + 4}`)
  const big = states.put('big', new Uint8Array(100_000))
  const beside = states.put('beside', new Uint8Array(10))
  await expect(big).rejects.toMatchObject({ name: 'StoreError', problem: 'full' })
  await expect(beside).rejects.toMatchObject({ problem: 'full' })
  expect(await states.list('')).toEqual(['small'])
  database.all('PRAGMA max_page_count = 100000')
  expect(await states.put('big', new Uint8Array(100_000))).toBe(true)
  database.close()
  await states.close()
})

test('a record whose bytes changed is damaged', async () => {
  await using it = await newFolder()
  const connection = await Connection.open(join(it.folder, 'retnet.db'))
  const [database, states] = [connection.share(), new SqliteStates(connection.share())]
  await states.put('record', new Uint8Array(10))
  database.run(`UPDATE object SET bytes = x'00'`)
  await expect(states.get('record')).rejects.toMatchObject({ name: 'StoreError', problem: 'damaged' })
  database.close()
  await states.close()
})
