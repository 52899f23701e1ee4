/** One turn, from wherever its log ends to its end. */
import { validateOptions } from '@retnet/generate'
import { ApiError } from '../api/api-error.js'
import type { SavedEvent } from '../engine/job.js'
import type { RunningText, TextEngine, TextRequest } from '../engine/text-engine.js'
import { EngineClosedError } from '../errors.js'
import { type Clock, delay, every, systemClock } from '../stores/common/clock.js'
import type { Claim, Lease, LeaseStore, TokenLog, WorkQueue } from '../stores/contract.js'
import { FencedError, StoreError } from '../stores/errors.js'
import { type Gathered, gather } from './gather.js'
import { type TextPast, pastOf } from './past.js'
import { problemOf } from './problem.js'
import type { TurnMeter } from './turn-meter.js'
import { TurnLog } from './turn-log.js'
import type { EndEntry, LogEntry, Turn, TurnProblem } from './turn.js'

/** Where the texts of sessions are kept. */
export interface TurnSessions {
  /** The place that the turn goes on from, or what it has made of it already. Throws an ApiError if there is none. */
  open(turn: Turn): Promise<{ readonly start: Uint8Array | null; readonly committed: SessionPlace | null }>
  /** Makes the next revision, exactly once. Throws an ApiError if another turn has. */
  commit(turn: Turn, saved: SavedEvent): Promise<SessionPlace>
}

export interface SessionPlace {
  readonly rev: number
  /** Tokens. */
  readonly length: number
}

/** Places in the midst of long texts, from which another worker can go on. */
export interface TurnCheckpoints {
  /** Drawn tokens between two of them. */
  readonly every: number
  save(turn: Turn, of: number, saved: SavedEvent): Promise<void>
  /** The latest one with at most `drawn` drawn tokens. */
  load(turn: Turn, of: number, drawn: number): Promise<Pick<SavedEvent, 'bytes' | 'drawn'> | null>
  forget(turn: Turn): Promise<void>
}

export interface TurnRunOptions {
  readonly engine: TextEngine
  readonly stores: { readonly queue: WorkQueue; readonly leases: LeaseStore; readonly log: TokenLog }
  readonly sessions?: TurnSessions
  readonly checkpoints?: TurnCheckpoints
  readonly meter?: TurnMeter
  /** Milliseconds after which a worker that is not heard of has lost its turns. Default 5,000. */
  readonly leaseMs?: number
  /** Entries that a reader may be behind before the texts pause. Default 256. */
  readonly readAhead?: number
  /** Milliseconds that a text which is so far ahead waits for its reader before it is given up. Default 120,000. */
  readonly abandonedMs?: number
  /** Default: that of the system. */
  readonly clock?: Clock
  /** A turn that was begun this often, here or elsewhere, and came no step further the last time is given up. Default 6. */
  readonly maxDeliveries?: number
}

const readerPollMs = 20
const longestPollMs = 250

export class TurnRun {
  readonly turn: Turn
  readonly lease: Lease
  /** Resolves when its texts are in the engine, or need not be. */
  readonly placed: Promise<void>
  readonly ended: Promise<void>
  readonly #options: TurnRunOptions
  readonly #claim: Claim
  readonly #leaseMs: number
  readonly #clock: Clock
  #place!: () => void
  #end!: () => void
  #jobs: readonly RunningText[] = []
  #log: TurnLog | null = null
  #cancelled = false
  /** Asked to, or because the engine has ended. */
  #handsOver = false
  #stopped = false
  #moved = false
  #isCutOff = false
  #isHopeless = false
  #saved: SavedEvent | null = null

  constructor(options: TurnRunOptions, turn: Turn, claim: Claim, lease: Lease) {
    this.#options = options
    this.turn = turn
    this.#claim = claim
    this.lease = lease
    this.#leaseMs = options.leaseMs ?? 5000
    this.#clock = options.clock ?? systemClock
    this.placed = new Promise((resolve) => (this.#place = resolve))
    this.ended = new Promise((resolve) => (this.#end = resolve))
  }

  /** True if the turn has come to its end, false if another worker is to go on. Throws what went wrong outside of the turn. */
  async run(): Promise<boolean> {
    const stop = every(this.#clock, this.#leaseMs / 3, () => void this.#beat())
    try {
      const done = await this.#run()
      await this.#forget(done)
      return done
    } catch (error) {
      this.#isCutOff = error instanceof StoreError || error instanceof FencedError
      if (error instanceof FencedError) await this.#forget(false)
      throw error
    } finally {
      stop()
      for (const job of this.#jobs) job.cancel()
      this.#place()
    }
  }

  /** True if the turn is to blame for that it has come no step further: nobody has asked it to stop, and the stores have answered. */
  get isStuck(): boolean {
    return this.#isHopeless || (!this.#stopped && !this.#moved && !this.#isCutOff && this.#log !== null)
  }

  /** Nobody wants the rest. */
  cancel(): void {
    this.#cancelled = true
    for (const job of this.#jobs) job.cancel()
  }

  /** Another worker is to go on. */
  handOver(): void {
    this.#stopped = true
    this.#handsOver = true
    for (const job of this.#jobs) job.cancel()
  }

  /** Writes that the turn cannot be brought to its end. */
  async giveUp(): Promise<void> {
    const message = 'The server failed several times at this request. It may be sent again.'
    const error = { status: 500, code: 'turn_failed', message, param: null }
    await this.#log?.write([this.#endEntry({ error })], true)
    await this.#options.checkpoints?.forget(this.turn)
  }

  /** For who waits for `ended`. */
  end(): void {
    this.#end()
  }

  async #run(): Promise<boolean> {
    const { turn } = this
    const { sessions, stores } = this.#options
    const { log } = stores
    const content = await log.read(this.#claim.scope, turn.id)
    if (content.closed) return true
    const entries = content.entries as unknown as readonly LogEntry[]
    const writer = new TurnLog(log, turn, this.lease, { ttlMs: this.#leaseMs, length: entries.length, status: content })
    this.#log = writer
    // each worker before this one died of it, or it would have written more
    this.#isHopeless =
      this.#claim.deliveries > maxDeliveriesOf(this.#options) && entries.length < this.#claim.deliveries
    if (this.#isHopeless) return false
    if (entries.length === 0) await writer.write([{ kind: 'open', view: turn.view }])
    const opening = performance.now()
    const opened = turn.session && sessions ? await refusable(() => sessions.open(turn)) : null
    if (opened?.value?.start) this.#options.meter?.loaded(secondsSince(opening))
    if (opened?.error) return this.#close({ error: opened.error })
    const { start = null, committed = null } = opened?.value ?? {}
    if (committed) return this.#close(committed)
    const past = pastOf(turn, entries)
    if (this.#claim.deliveries > 1) this.#options.meter?.resumed(past.reduce((sum, { drawn }) => sum + drawn.length, 0))
    await this.#write(past, start)
    if (this.#handsOver) return false
    return this.#commit()
  }

  async #write(past: readonly TextPast[], start: Uint8Array | null): Promise<void> {
    const open = past.flatMap((one, of) => (one.failed || (one.ended && !this.turn.session) ? [] : [of]))
    if (open.length === 0 || this.#cancelled || this.#log!.isCancelled) return
    const requests = await this.#requests(past, open, start)
    this.#jobs = await this.#options.engine.submit(requests)
    if (this.#cancelled || this.#handsOver) for (const job of this.#jobs) job.cancel()
    this.#place()
    for await (const group of gather(this.#jobs)) {
      const found = group.map((one) => ({ ...one, of: open[one.of] }))
      for (const one of found) if ('event' in one && one.event.kind === 'saved') await this.#save(one.of, one.event)
      const entries = found.flatMap((one) => this.#entryOf(one, past[one.of]))
      if (entries.length > 0) await this.#log!.write(entries)
      this.#moved ||= entries.length > 0
      await this.#waitForReader()
      if (this.#log!.isCancelled) this.cancel()
    }
  }

  async #requests(
    past: readonly TextPast[],
    open: readonly number[],
    start: Uint8Array | null,
  ): Promise<TextRequest[]> {
    const { engine, checkpoints } = this.#options
    const { turn } = this
    // choices of one prompt share it, as the same object
    const prompts = turn.prompts.map((ids) => Int32Array.from(ids))
    return Promise.all(
      open.map(async (of): Promise<TextRequest> => {
        const { prompt, options, scorePrompt, embed } = turn.texts[of]
        const { promptTokens, drawn } = past[of]
        const place = drawn.length > 0 ? await checkpoints?.load(turn, of, drawn.length) : null
        const from = place?.bytes ?? start
        return {
          prompt: place ? new Int32Array() : prompts[prompt],
          settings: validateOptions(options, engine.facts.vocabSize),
          scorePrompt,
          save: turn.session !== null,
          // what one tenant has written must not make another's faster
          salt: turn.tenant,
          ...(embed && { embed }),
          ...(turn.grammar && { grammar: turn.grammar }),
          ...(from && { start: from }),
          ...(promptTokens + drawn.length > 0 && { given: { promptTokens, drawn, inStart: place?.drawn ?? 0 } }),
          ...(checkpoints && { saveEvery: checkpoints.every }),
        }
      }),
    )
  }

  async #save(of: number, saved: SavedEvent): Promise<void> {
    const { checkpoints, meter } = this.#options
    if (saved.isEnd) this.#saved = saved
    else if (checkpoints) {
      const began = performance.now()
      await checkpoints.save(this.turn, of, saved)
      meter?.saved('checkpoint', secondsSince(began), saved.bytes.length)
    }
  }

  #entryOf(found: Gathered, past: TextPast): LogEntry[] {
    const { of } = found
    if ('error' in found) {
      if (found.error instanceof EngineClosedError) this.#handsOver = true
      return this.#handsOver ? [] : [{ of, kind: 'error', error: problemOf(found.error) }]
    }
    const { event } = found
    if (event.kind === 'saved' || (event.kind === 'begin' && past.begun)) return []
    return [{ of, ...event }]
  }

  /** A text is not written for nobody: a reader that stops reading stops it, and the engine gives its row away. */
  async #waitForReader(): Promise<void> {
    const { readAhead = 256, abandonedMs = 120_000 } = this.#options
    const log = this.#log!
    let pauseMs = readerPollMs
    let since = this.#clock.now()
    while (log.ahead > readAhead && !log.isCancelled && !this.#cancelled && !this.#handsOver) {
      if (this.#clock.now() - since >= abandonedMs) return this.cancel()
      const { ahead } = log
      await delay(this.#clock, pauseMs)
      await log.write([])
      if (log.ahead < ahead) since = this.#clock.now()
      pauseMs = Math.min(longestPollMs, pauseMs * 1.5)
    }
  }

  async #commit(): Promise<boolean> {
    const { sessions } = this.#options
    const cancelled = this.#cancelled || this.#log!.isCancelled
    const saved = cancelled ? null : this.#saved
    const began = performance.now()
    const committed = saved && sessions ? await refusable(() => sessions.commit(this.turn, saved)) : null
    if (saved && committed?.value) this.#options.meter?.saved('session', secondsSince(began), saved.bytes.length)
    return this.#close({ ...committed?.value, error: committed?.error ?? null, cancelled })
  }

  async #close(end: Partial<EndEntry>): Promise<boolean> {
    await this.#log!.write([this.#endEntry(end)], true)
    return true
  }

  #endEntry({ rev = null, length = null, cancelled = false, error = null }: Partial<EndEntry>): EndEntry {
    return { kind: 'end', rev, length, cancelled, error }
  }

  /** Places are kept until the turn has ended. A worker that is not the last looks too: it may have saved one after that. */
  async #forget(done: boolean): Promise<void> {
    const { checkpoints, stores } = this.#options
    if (!checkpoints) return
    const isOver = done || (await stores.log.read(this.#claim.scope, this.turn.id, this.#log?.length)).closed
    if (isOver) await checkpoints.forget(this.turn)
  }

  async #beat(): Promise<void> {
    try {
      if (!(await this.#options.stores.queue.extend(this.#claim))) return this.handOver()
      await this.#log?.write([])
    } catch {
      // the next write says what is wrong
    }
  }
}

export function maxDeliveriesOf({ maxDeliveries = 6 }: Pick<TurnRunOptions, 'maxDeliveries'>): number {
  return maxDeliveries
}

function secondsSince(ms: number): number {
  return (performance.now() - ms) / 1000
}

/** What a turn itself is to blame for is its answer; everything else is thrown, and tried again. */
async function refusable<T>(work: () => Promise<T>): Promise<{ value?: T; error?: TurnProblem }> {
  try {
    return { value: await work() }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { error: problemOf(error) }
  }
}
