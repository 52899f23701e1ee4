/** Sends a schedule from several threads, and joins what they have seen. */
import { Worker } from 'node:worker_threads'
import type { Share } from './generator.ts'
import { type Measured, add, nothingMeasured } from './measured.ts'

export async function generateLoad(load: Omit<Share, 'startsAt'>, threads: number): Promise<Measured> {
  // the threads need a moment to start
  const startsAt = performance.timeOrigin + performance.now() + 500
  const shares = Array.from({ length: threads }, (_, thread): Share => {
    return { ...load, startsAt, arrivals: load.arrivals.filter((_arrival, at) => at % threads === thread) }
  })
  const all = nothingMeasured()
  for (const measured of await Promise.all(shares.map(runThread))) add(all, measured)
  return all
}

function runThread(share: Share): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('generator.ts', import.meta.url), { workerData: share })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
