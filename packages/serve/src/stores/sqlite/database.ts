import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { closedError } from '../common/closed.js'
import { StoreError } from '../errors.js'
import { openDatabase } from './open-database.js'
import { fromSqlite } from './sqlite-error.js'

interface Task {
  readonly run: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** What one store does with the database it shares with others. */
export interface Database {
  /** The rows as `R`, which is what the statement selects. */
  all<R>(sql: string, ...values: SQLInputValue[]): R[]
  /** Gives the number of rows that changed. */
  run(sql: string, ...values: SQLInputValue[]): number
  /** A transaction of its own, at once. */
  transact<T>(body: () => T): T
  /**
   * Runs `body` in one transaction with all that is to be written in this turn of the event loop. If it throws, it must not have
   * written. What is `durable` outlives a loss of power; the rest outlives the process, and a loss of power may take the last of it.
   */
  write<T>(durable: boolean, body: () => T): Promise<T>
  close(): void
}

/** The one connection to the file. It ends when all who share it have closed theirs. */
export class Connection {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #statements = new Map<string, ReturnType<DatabaseSync['prepare']>>()
  #tasks: Task[] = []
  #durable = false
  #users = 0

  private constructor(database: DatabaseSync, path: string) {
    this.#database = database
    this.#path = path
  }

  static async open(path: string): Promise<Connection> {
    return new Connection(await openDatabase(path), path)
  }

  share(): Database {
    this.#users += 1
    let closed = false
    const guard = <T>(body: () => T): T => {
      if (closed) throw closedError('store')
      return this.#guard(body)
    }
    return {
      all: <R>(sql: string, ...values: SQLInputValue[]) => guard(() => this.#prepare(sql).all(...values) as R[]),
      run: (sql, ...values) => guard(() => Number(this.#prepare(sql).run(...values).changes)),
      transact: (body) => guard(() => this.#transact(body, false)),
      write: async (durable, body) => guard(() => this.#write(durable, body)),
      close: () => {
        if (!closed) this.#leave()
        closed = true
      },
    }
  }

  #write<T>(durable: boolean, body: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#tasks.length === 0) setImmediate(() => this.#flush())
      this.#tasks.push({ run: body, resolve, reject })
      this.#durable ||= durable
    })
  }

  /** What was to be written is written first. */
  #leave(): void {
    this.#flush()
    this.#users -= 1
    if (this.#users === 0) this.#database.close()
  }

  #flush(): void {
    const tasks = this.#tasks
    if (tasks.length === 0) return
    const durable = this.#durable
    this.#tasks = []
    this.#durable = false
    const results: { task: Task; value?: unknown; error?: unknown }[] = []
    try {
      this.#guard(() => this.#transact(() => results.push(...tasks.map(attempt)), durable))
    } catch (error) {
      for (const { reject } of tasks) reject(error)
      return
    }
    for (const { task, value, error } of results) {
      if (error === undefined) task.resolve(value as never)
      else task.reject(error)
    }
  }

  #transact<T>(body: () => T, durable: boolean): T {
    this.#database.exec(`PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}; BEGIN IMMEDIATE`)
    try {
      const result = body()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      // SQLite itself has rolled back after some errors
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #prepare(sql: string): ReturnType<DatabaseSync['prepare']> {
    const known = this.#statements.get(sql) ?? this.#database.prepare(sql)
    this.#statements.set(sql, known)
    return known
  }

  #guard<T>(body: () => T): T {
    try {
      return body()
    } catch (error) {
      throw fromSqlite(error, this.#path)
    }
  }
}

function attempt(task: Task): { task: Task; value?: unknown; error?: unknown } {
  try {
    return { task, value: task.run() }
  } catch (error) {
    // the store itself fails: nobody's part is written
    if (error instanceof StoreError && error.problem !== 'key') throw error
    return { task, error }
  }
}
