import { StoreError, type StoreProblem } from '../errors.js'

// of SQLite: busy, read-only, input and output, cannot open, not a database
const words: Record<number, readonly [why: string, fix: string]> = {
  5: ['another process has it open', 'End that one, or name another folder.'],
  8: ['it cannot be written', 'Check who may write there.'],
  10: ['it cannot be read or written', 'Check the disk, and who may write there.'],
  14: ['it cannot be opened', 'Check who may write there.'],
  26: ['it is no database', 'Name another folder.'],
}
const problems: Record<number, StoreProblem> = { 11: 'damaged', 13: 'full', 26: 'damaged' }

/** An error of node:sqlite in the words of the stores; our own stay as they are. */
export function fromSqlite(error: unknown, path: string): unknown {
  const { code, errcode, errstr } = error as { code?: string; errcode?: number; errstr?: string }
  if (code !== 'ERR_SQLITE_ERROR' || errcode === undefined) return error
  // the upper bits tell more of the same
  const kind = errcode & 255
  const [why, fix] = words[kind] ?? [errstr]
  return new StoreError(problems[kind] ?? 'unavailable', `${path}: ${why}.`, { cause: error, ...(fix && { fix }) })
}
