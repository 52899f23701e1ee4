/**
 * What must outlive a process, as four small interfaces. A server on one machine has them in memory or in SQLite and on disk; several
 * machines share them over Redis and S3. All implementations pass one suite, `conformance.ts`.
 *
 * Words: a *turn* is one request for texts, a *scope* is what at most one turn may work on at a time: a session, or the turn itself if
 * it belongs to none. The log of a turn is the truth, a state is a cache of what the tokens before it make of the model.
 */

export interface Stores {
  readonly queue: WorkQueue
  readonly leases: LeaseStore
  readonly log: TokenLog
  readonly states: StateStore
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Work that waits for a worker. It is given out at least once: again if who took it is not heard of. All throw StoreError. */
export interface WorkQueue {
  /**
   * Throws QueueFullError if `limit` or more are waiting, ScopeBusyError if other work of the same scope is waiting or taken. If this
   * work is there already, by its id, nothing happens: a push whose answer was lost can be repeated.
   */
  push(work: Work, limit?: number): Promise<void>
  /** Waits for work: what was left behind for `idleMs` first, then by priority, then the oldest. Null once the signal fires. */
  claim(options: ClaimOptions): Promise<Claim | null>
  /** Says that the work goes on. False if another worker has it. */
  extend(claim: Claim): Promise<boolean>
  /** The work is done, and its scope free. Does nothing if another worker has it. */
  finish(claim: Claim): Promise<void>
  /**
   * Lets another worker have it, after `delayMs`. If it was not begun, this delivery does not count (`counts` false). Does nothing if
   * another worker has it.
   */
  giveBack(claim: Claim, delayMs?: number, counts?: boolean): Promise<void>
  /** Takes it out for good and keeps it for a person to look at. */
  bury(claim: Claim, reason: string): Promise<void>
  /** The id of the work of this scope, waiting or taken; null if the scope is free. */
  find(scope: string): Promise<string | null>
  status(): Promise<QueueStatus>
  close(): Promise<void>
}

export interface Work {
  readonly id: string
  readonly scope: string
  /** Higher comes sooner. Waiting for `agingMs` (an option of each queue) counts as one more, half of it as one half, and so on. */
  readonly priority: number
  readonly body: Json
}

export interface ClaimOptions {
  readonly worker: string
  /** Milliseconds without `extend` after which work is taken from its worker. */
  readonly idleMs: number
  readonly signal?: AbortSignal
}

export interface Claim extends Work {
  /** 1 the first time, and one more for each delivery that counts. */
  readonly deliveries: number
  /** Of this claim alone. */
  readonly token: string
}

export interface QueueStatus {
  /** With what was left behind. */
  readonly waiting: number
  readonly claimed: number
  readonly buried: number
  /** Milliseconds that the oldest waiting work has waited; 0 without any. */
  readonly oldestMs: number
}

/** Who may write. A later holder has a higher epoch, and what an earlier one writes is refused. */
export interface Lease {
  readonly scope: string
  readonly epoch: number
  /** Random: an epoch can be counted twice after a failover, this not. */
  readonly token: string
}

export interface LeaseStore {
  /** Null while another holds it. */
  acquire(scope: string, ttlMs: number): Promise<Lease | null>
  /** False if it has run out or belongs to another. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>
  /** Does nothing if it belongs to another. */
  release(lease: Lease): Promise<void>
  close(): Promise<void>
}

/** The entries of turns, in order, each written once. It checks leases, so it belongs to the LeaseStore made with it. */
export interface TokenLog {
  /**
   * Makes an empty log, which can be followed before anybody writes. It is forgotten after `ttlMs` without a write, and one that was
   * written in after a day without. Does nothing if there is one.
   */
  open(scope: string, turn: string, ttlMs: number): Promise<void>
  /**
   * Adds entries at `index`, atomically, and renews the lease. Throws FencedError if the lease is not the present one, LogOrderError
   * if the log does not end at `index` or is closed. An empty list is a heartbeat. Makes the log if there is none. If exactly these
   * entries are the end of the log already, nothing is added: an append whose answer was lost can be repeated.
   */
  append(
    lease: Lease,
    turn: string,
    index: number,
    entries: readonly Json[],
    options: AppendOptions,
  ): Promise<LogStatus>
  /** Of a log that does not exist: no entries, not closed. */
  read(scope: string, turn: string, from?: number): Promise<LogContent>
  /**
   * Entries from `from` on, as they come, until the log is closed or the signal fires; a follower gets the rest of a log that expires
   * if it reads on within a minute. Throws LogGoneError if there is no such log (any more).
   */
  follow(scope: string, turn: string, from: number, signal?: AbortSignal): AsyncIterable<readonly Json[]>
  /** A reader has taken the entries before `index`. */
  reached(scope: string, turn: string, index: number): Promise<void>
  /** Nobody wants the rest. It may come before the first entry. */
  cancel(scope: string, turn: string): Promise<void>
  /** Calls back soon after a `cancel` anywhere; `LogStatus.cancelled` is certain. Gives a function that ends it. */
  onCancel(callback: (turn: string) => void): () => void
  close(): Promise<void>
}

export interface AppendOptions {
  readonly ttlMs: number
  /** Closes the log: nothing can be added any more, and it is forgotten after `keepMs`. */
  readonly last?: { readonly keepMs: number }
}

export interface LogStatus {
  /** The highest index that a reader has `reached`. */
  readonly reached: number
  readonly cancelled: boolean
}

export interface LogContent extends LogStatus {
  readonly entries: readonly Json[]
  readonly closed: boolean
}

/**
 * Objects by key: states, and records that exactly one writer can make. Keys are `/`-separated words of `A-Z a-z 0-9 . _ -`, none of
 * them `.` or `..`.
 */
export interface StateStore {
  /** All or nothing, and durable when it resolves. False, and nothing has changed, if `ifAbsent` and there is one. */
  put(key: string, bytes: Uint8Array, options?: { readonly ifAbsent?: boolean }): Promise<boolean>
  /** Null if there is none. */
  get(key: string): Promise<Uint8Array | null>
  delete(key: string): Promise<void>
  /** Keys that begin with `prefix` and come after `after`, in the order of their characters. At most `limit`, default 1,000. */
  list(prefix: string, options?: { readonly after?: string; readonly limit?: number }): Promise<string[]>
  close(): Promise<void>
}
