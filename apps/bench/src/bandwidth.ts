/** How fast this machine moves memory: large copies, bytes read and bytes written both counted (as STREAM does). */
import { Worker } from 'node:worker_threads'

export interface Bandwidth {
  readonly threads: number
  readonly bytesPerSecond: number
}

/** Larger than any cache that a process gets for itself. */
const copyBytes = 128 * 1024 * 1024
const repetitions = 6

// the threads begin together; each reports its best copy
const program = `
  const { parentPort, workerData: { gate, threads, copyBytes, repetitions } } = require('node:worker_threads')
  const from = new Uint8Array(copyBytes).fill(1)
  const to = new Uint8Array(copyBytes).fill(2)
  const arrived = Atomics.add(gate, 0, 1) + 1
  if (arrived === threads) Atomics.notify(gate, 0)
  else while (Atomics.load(gate, 0) < threads) Atomics.wait(gate, 0, Atomics.load(gate, 0), 100)
  let best = Infinity
  for (let i = 0; i < repetitions; i++) {
    const begin = performance.now()
    to.set(from)
    best = Math.min(best, performance.now() - begin)
  }
  parentPort.postMessage(2 * copyBytes / best * 1000)
`

export async function measureBandwidth(threads: number): Promise<Bandwidth> {
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const workerData = { gate, threads, copyBytes, repetitions }
  const rates = await Promise.all(Array.from({ length: threads }, () => rateOf(workerData)))
  return { threads, bytesPerSecond: rates.reduce((total, rate) => total + rate, 0) }
}

function rateOf(workerData: object): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true, workerData })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
