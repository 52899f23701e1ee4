import { RetNetError } from '@retnet/core'
import { StoreError } from '../errors.js'

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** An error of the file system in the words of the stores; our own stay as they are. */
export function fromDisk(error: unknown, key: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof RetNetError || code === undefined) return error
  return new StoreError(full.has(code) ? 'full' : 'unavailable', `${key}: ${message}.`, { cause: error })
}

export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
