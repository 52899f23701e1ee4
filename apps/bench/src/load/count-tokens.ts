/** Streams that are read in a thread of their own for a while, and then left. */
import { Worker } from 'node:worker_threads'
import type { Readers } from './reader.ts'

export interface Counting {
  /** Resolves when all streams have begun. */
  readonly begun: Promise<void>
  /** What one of them failed with, or null. */
  readonly ended: Promise<string | null>
}

export function countTokens(readers: Readers): Counting {
  const { url, key, bodies, ms } = readers
  const workerData: Readers = { url, bodies, ms, ...(key !== undefined && { key }) }
  const worker = new Worker(new URL('reader.ts', import.meta.url), { workerData })
  let problem: string | null = null
  const ended = new Promise<string | null>((resolve, reject) => {
    worker.on('message', (message: string | null) => (problem = message === 'begun' ? problem : message))
    worker.once('error', reject)
    worker.once('exit', () => resolve(problem))
  })
  const begun = new Promise<void>((resolve) => {
    worker.once('message', () => resolve())
    worker.once('exit', () => resolve())
  })
  return { begun, ended }
}
