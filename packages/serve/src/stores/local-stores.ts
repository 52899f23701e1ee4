import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from './common/clock.js'
import type { Stores } from './contract.js'
import { fromOpening } from './disk/disk-error.js'
import { DiskStates } from './disk/disk-states.js'
import { MemoryLeases } from './memory/memory-leases.js'
import { AGING_MS } from './memory/memory-queue.js'
import { Connection } from './sqlite/database.js'
import { SqliteLog } from './sqlite/sqlite-log.js'
import { SqliteQueue } from './sqlite/sqlite-queue.js'
import { SqliteStates } from './sqlite/sqlite-states.js'
import { SplitStates } from './split-states.js'

export interface LocalStoresOptions extends Partial<Clock> {
  /** Milliseconds of waiting that count as one more of priority; default 10,000. */
  readonly agingMs?: number
}

// leases live as long as the process that alone may write here, so all that must outlive it is where epochs go on
const EPOCHS_PER_BOOT = 2 ** 32

// a database would write them on the thread that answers requests, and twice
const bulky = ['states/', 'checkpoints/']

/**
 * The four stores in one folder, for one process: `retnet.db` for everything small, files for states and checkpoints. Throws
 * StoreError('unavailable') if another process uses the folder.
 */
export async function localStores(
  folder: string,
  { agingMs = AGING_MS, ...time }: LocalStoresOptions = {},
): Promise<Stores> {
  const clock = { ...systemClock, ...time }
  const connection = await openIn(folder)
  const own = connection.share()
  try {
    const [boot] = own.transact(() => own.all<{ count: number }>('UPDATE boot SET count = count + 1 RETURNING count'))
    const leases = new MemoryLeases(clock, boot.count * EPOCHS_PER_BOOT)
    const files = await DiskStates.open(folder, { alone: true })
    return {
      queue: new SqliteQueue(connection.share(), clock, agingMs),
      leases,
      log: new SqliteLog(connection.share(), leases),
      states: new SplitStates(bulky, files, new SqliteStates(connection.share())),
    }
  } finally {
    own.close()
  }
}

async function openIn(folder: string): Promise<Connection> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw fromOpening(error, folder)
  }
  return Connection.open(join(folder, 'retnet.db'))
}
