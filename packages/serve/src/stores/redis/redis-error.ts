import { RetNetError } from '@retnet/core'
import { StoreError } from '../errors.js'

// the server is starting, is being replaced, or is busy with a script
const passing = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS)/
const full = /^(OOM|MISCONF)/
const fromServer = /^[A-Z]{2,}[A-Z0-9]* /

/** True if the same command may succeed soon. */
export function mayPass(error: unknown): boolean {
  const { message } = error as Error
  return !(error instanceof RetNetError) && (passing.test(message) || !fromServer.test(message))
}

/** An error of the client or the server in the words of the stores; our own stay as they are. */
export function fromRedis(error: unknown): unknown {
  if (error instanceof RetNetError) return error
  const { message } = error as Error
  return new StoreError(full.test(message) ? 'full' : 'unavailable', `redis: ${message}.`, { cause: error })
}
