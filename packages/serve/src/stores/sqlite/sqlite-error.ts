import { StoreError, type StoreProblem } from '../errors.js'

const BUSY = 5
const problems: Record<number, StoreProblem> = { 11: 'damaged', 13: 'full', 26: 'damaged' }

/** An error of node:sqlite in the words of the stores; our own stay as they are. */
export function fromSqlite(error: unknown, path: string): unknown {
  const { code, errcode, errstr } = error as { code?: string; errcode?: number; errstr?: string }
  if (code !== 'ERR_SQLITE_ERROR' || errcode === undefined) return error
  // the upper bits tell more of the same
  const kind = errcode & 255
  const why = kind === BUSY ? 'another process has it open' : errstr
  return new StoreError(problems[kind] ?? 'unavailable', `${path}: ${why}.`, { cause: error })
}
