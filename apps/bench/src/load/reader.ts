/** A thread that reads streams for a while. */
import { Agent } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'
import { stream } from './stream.ts'

export interface Readers {
  readonly url: string
  readonly key?: string
  readonly bodies: readonly object[]
  /** Milliseconds, from when all streams have begun. */
  readonly ms: number
}

const { url, key, bodies, ms } = workerData as Readers
const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
const leaving = new AbortController()
const begun = new Set<number>()

const streams = bodies.map((body, at) => {
  const onText = () => {
    if (begun.has(at)) return
    begun.add(at)
    if (begun.size < bodies.length) return
    parentPort!.postMessage('begun')
    setTimeout(() => leaving.abort(), ms)
  }
  return stream({ url, agent, body, onText, signal: leaving.signal, ...(key !== undefined && { key }) })
})
const problems = (await Promise.all(streams)).map(({ problem }) => problem)
parentPort!.postMessage(problems.find((problem) => problem !== 'cancelled' && problem !== null) ?? null)
