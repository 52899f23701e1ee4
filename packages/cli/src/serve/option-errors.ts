/** Errors of @retnet/serve by the names that the command line has for its options. */
import type { ServeArgumentError } from '@retnet/serve'
import { CommandError, UsageError } from '../errors.js'

const flags: Readonly<Record<string, string>> = {
  apiKeys: 'RETNET_API_KEYS',
  snapshotKeys: 'RETNET_SNAPSHOT_KEYS',
  corsOrigins: '--cors-origin',
  trustedProxies: '--trust-proxy',
  allowedHosts: '--allow-host',
  url: '--redis',
}

/** The error of an argument that came from an option; any other error as it is. */
export function byFlag(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'ServeArgumentError') return error
  const { argument } = error as ServeArgumentError
  if (!Object.hasOwn(flags, argument)) return error
  return caused(new UsageError(error.message.replace(argument, flags[argument])), error)
}

/** A store that `flag` names and that cannot be opened. */
export function cannotOpen(flag: string, error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'StoreError') return byFlag(error)
  return caused(new CommandError(`${flag}: ${error.message.replace(/^store: (redis: )?/, '')}`), error)
}

function caused(error: Error, cause: Error): Error {
  return Object.assign(error, { cause })
}
