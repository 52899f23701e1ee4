/** The program of the thread that runs the engine of `retnet serve`. */
import { parentPort, workerData } from 'node:worker_threads'
import { hostEngine } from '@retnet/serve'
import { isUsage, messageOf } from './exit.js'
import { type EngineOptions, runEngine } from './serve/with-engine.js'

const never = new AbortController().signal
const io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: never,
}

try {
  await runEngine(io, workerData as EngineOptions, (engine) => hostEngine(engine, parentPort!))
} catch (error) {
  parentPort!.postMessage({ kind: 'failed', message: messageOf(error), isUsage: isUsage(error) })
} finally {
  // nothing holds the thread any more
  parentPort!.close()
}
