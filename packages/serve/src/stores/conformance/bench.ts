import assert from 'node:assert/strict'
import type { Stores, Work } from '../contract.js'

/** What a check runs on: fresh stores, a way to let time pass, and what another process would see. */
export interface Bench<S extends Partial<Stores> = Stores> {
  readonly stores: S
  readonly pass: (ms: number) => Promise<void>
  /** As after a crash: the process is gone without a word, and another opens the same storage. What had been taken runs out. */
  restart(): Promise<S>
  /** A second process beside the first; the first stores themselves if only one process may use the storage. */
  beside(): Promise<S>
}

export interface Check<S extends Partial<Stores>> {
  readonly name: string
  run(bench: Bench<S>): Promise<void>
}

export function work(id: string, fields: Partial<Work> = {}): Work {
  return { id, scope: `scope-${id}`, priority: 0, body: { id }, ...fields }
}

/** That it does not come within some turns of the event loop, and then does after `after`. */
export async function waits<T>(promise: Promise<T>, after: () => Promise<unknown>): Promise<T> {
  const early = Symbol('early')
  const soon = new Promise((resolve) => setTimeout(() => resolve(early), 20))
  assert.equal(await Promise.race([promise, soon]), early)
  await after()
  return promise
}

/** The batches of a follow as one list, up to `count` entries or its end. */
export async function collect<T>(batches: AsyncIterable<readonly T[]>, count = Infinity): Promise<T[]> {
  const all: T[] = []
  if (count === 0) return all
  for await (const batch of batches) {
    all.push(...batch)
    if (all.length >= count) break
  }
  return all
}

export async function throws(promise: Promise<unknown>, name: string, fields: object = {}): Promise<void> {
  await assert.rejects(promise, (error: Error) => {
    assert.equal(error.name, name, error.stack)
    for (const [key, value] of Object.entries(fields)) assert.equal(error[key as keyof Error], value)
    return true
  })
}
