/** From an error to an exit code and what the user reads about it. A stack trace is shown for RETNET_DEBUG=1 only. */
import { RetNetError } from '@retnet/core'
import type { EngineThreadError } from '@retnet/serve'
import { CommanderError } from 'commander'
import { InterruptedError, UsageError } from './errors.js'
import type { Io } from './io.js'

export const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const

/** Prints the error, if it has not been printed, and returns the exit code. */
export function reportError(error: unknown, io: Io): number {
  if (io.env.RETNET_DEBUG === '1' && error instanceof Error) io.stderr.write(`${error.stack}\n`)
  // commander has printed its message, and the help it was asked for
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage
  if (io.signal.aborted || error instanceof InterruptedError) {
    // the shell's prompt must not stand behind a half-written line
    if (io.stderr.isTTY) io.stderr.write('\n')
    return exitCodes.interrupted
  }
  io.stderr.write(`retnet: ${messageOf(error)}\n`)
  return isUsage(error) ? exitCodes.usage : exitCodes.failure
}

// errors of the packages whose argument came from an option of the command line
const usageNames = new Set(['GenerateArgumentError', 'OptionError'])

export function isUsage(error: unknown): boolean {
  if (error instanceof Error && (error as Partial<EngineThreadError>).isUsage === true) return true
  return error instanceof UsageError || (error instanceof Error && usageNames.has(error.name))
}

/** One line for errors that were foreseen; for others also where to turn. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `something that is no error was thrown: ${String(error)}`
  if (RetNetError.isInstance(error)) return withoutPrefix(error.message)
  const system = systemMessage(error)
  if (system !== undefined) return system
  const advice = 'This is a fault of retnet, not of yours. Run it again with RETNET_DEBUG=1 to see where it happened.'
  return `${error.name}: ${firstLine(error.message)} ${advice}`
}

interface SystemError extends Error {
  readonly code: string
  readonly path?: string
}

const systemMessages: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder. Check the path.',
  EACCES: 'permission denied. Check who owns it.',
  EPERM: 'the operation is not permitted.',
  EISDIR: 'expected a file, got a folder.',
  ENOTDIR: 'a part of the path is a file, not a folder.',
  EEXIST: 'it exists already.',
  ENOSPC: 'the disk is full.',
  EROFS: 'the file system is read-only.',
  EMFILE: 'too many files are open.',
  ENAMETOOLONG: 'the name is too long.',
}

function systemMessage(error: Error): string | undefined {
  const { code, path } = error as Partial<SystemError>
  if (typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return undefined
  return `${path ?? 'the system'}: ${systemMessages[code] ?? firstLine(error.message)}`
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]
}

function withoutPrefix(message: string): string {
  return message.startsWith('retnet: ') ? message.slice('retnet: '.length) : message
}
