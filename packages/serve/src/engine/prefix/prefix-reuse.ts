/**
 * What prompts that begin alike save one another. States are kept where a prompt is cut anyway, so that the numbers of a text do not depend
 * on whether it found one. Where prompts part, the second one leaves a state for the third; while one is being read, others wait for it.
 */
import type { Snapshot } from '@retnet/core'
import type { Job } from '../job.js'
import { PrefixTrie } from './prefix-trie.js'

export interface PrefixReuseOptions {
  readonly chunkTokens: number
  readonly stateBytes: number
  /** Of memory; 0: nothing is kept. */
  readonly bytes: number
}

export interface PrefixStatus {
  /** Prompts that found a state, and the tokens that it saved them. */
  readonly hits: number
  readonly hitTokens: number
  /** Prompts that found none: too short to be cut, and others. */
  readonly missesShort: number
  readonly missesCold: number
  readonly evicted: number
  readonly bytes: number
}

interface Waiting {
  readonly leader: Job
  readonly until: number
}

export class PrefixReuse {
  readonly #options: PrefixReuseOptions
  readonly #trie: PrefixTrie
  /** Where states of a job that is being read are to be kept. */
  readonly #marks = new WeakMap<Job, Set<number>>()
  readonly #waiting = new WeakMap<Job, Waiting>()
  #hits = 0
  #hitTokens = 0
  #missesShort = 0
  #missesCold = 0

  constructor(options: PrefixReuseOptions) {
    this.#options = options
    this.#trie = new PrefixTrie(options)
  }

  get status(): PrefixStatus {
    return {
      hits: this.#hits,
      hitTokens: this.#hitTokens,
      missesShort: this.#missesShort,
      missesCold: this.#missesCold,
      evicted: this.#trie.evicted,
      bytes: this.#trie.bytes,
    }
  }

  /** True while a job with a row reads what this one begins with. If that one ends before, the first that waits takes its place. */
  mustWait(job: Job, admitted: readonly Job[]): boolean {
    if (!this.#canShare(job)) return false
    const known = this.#waiting.get(job)
    if (known && isReading(known.leader) && known.leader.taken < known.until) return true
    for (const leader of admitted) {
      if (!isReading(leader) || leader.request.salt !== job.request.salt || !this.#marks.has(leader)) continue
      const until = this.#common(leader, job)
      if (until <= leader.taken || this.#trie.has(job.request.salt!, job.ids, until)) continue
      this.#marks.get(leader)!.add(until)
      this.#waiting.set(job, { leader, until })
      return true
    }
    return false
  }

  /** Before a job gets its row: it goes on from the longest beginning that is known. */
  begin(job: Job): void {
    if (!this.#canShare(job)) return
    const salt = job.request.salt!
    const end = this.#endOf(job)
    const found = this.#trie.find(salt, job.ids, end)
    if (found) {
      job.beginAt(found.snapshot, found.taken)
      this.#hits++
      this.#hitTokens += found.taken
    } else if (end === 0) this.#missesShort++
    else this.#missesCold++
    if (end === 0) return
    const parting = this.#trie.note(salt, job.ids, end)
    this.#marks.set(job, new Set([parting, end, ...this.#doublings(end)].filter((at) => at > job.taken)))
  }

  /** True if the state of the job, as it is now, is to be kept. */
  wants(job: Job): boolean {
    if (!this.#marks.get(job)?.has(job.taken)) return false
    return !this.#trie.has(job.request.salt!, job.ids, job.taken)
  }

  keep(job: Job, snapshot: Snapshot): void {
    this.#trie.store(job.request.salt!, job.ids, job.taken, snapshot)
  }

  #canShare({ request: { salt, scorePrompt, start }, start: own, taken }: Job): boolean {
    return this.#options.bytes > 0 && salt !== undefined && !scorePrompt && !start && own === null && taken === 0
  }

  /** Where the last whole chunk ends: the last token goes in with the first step of decoding. */
  #endOf({ ids }: Job): number {
    const { chunkTokens } = this.#options
    return Math.max(0, Math.floor((ids.length - 1) / chunkTokens) * chunkTokens)
  }

  /** A few states along a long prompt, for those that part from it before anybody else has. */
  #doublings(end: number): number[] {
    const all: number[] = []
    for (let at = this.#options.chunkTokens; at < end; at *= 2) all.push(at)
    return all
  }

  /** Tokens that both begin with, in whole chunks. */
  #common(a: Job, b: Job): number {
    const end = Math.min(this.#endOf(a), this.#endOf(b))
    let same = 0
    while (same < end && a.ids[same] === b.ids[same]) same++
    return same - (same % this.#options.chunkTokens)
  }
}

function isReading(job: Job): boolean {
  return !job.isDone && !job.isRead
}
