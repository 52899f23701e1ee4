/** Structured logs. Texts of requests, keys and addresses of pages never get here: see `request-log.ts`. */
import { pino } from 'pino'
import { ServeArgumentError } from '../errors.js'

export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LoggerOptions {
  readonly level: LogLevel
  /** Gets one line of JSON at a time, with its line end. */
  readonly write: (line: string) => void
}

export function createLogger({ level, write }: LoggerOptions): Logger {
  if (!logLevels.includes(level)) throw new ServeArgumentError('level', `one of ${logLevels.join(', ')}`, level)
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return pino(options, { write })
}
