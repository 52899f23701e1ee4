import { RetNetError } from '@retnet/core'
import { StoreError } from '../errors.js'

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** An error of the file system in the words of the stores; our own stay as they are. */
export function fromDisk(error: unknown, key: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof RetNetError || code === undefined) return error
  return new StoreError(full.has(code) ? 'full' : 'unavailable', `${key}: ${message}.`, { cause: error })
}

/** An error of making the folder itself. */
export function fromOpening(error: unknown, folder: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof RetNetError || code === undefined) return error
  const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'there is a file where the folder should be' : message
  const fix = 'Name a folder that this process may write in.'
  return new StoreError('unavailable', `${folder}: ${why}.`, { cause: error, fix })
}

export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
