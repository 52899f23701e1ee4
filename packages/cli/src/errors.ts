/** The errors of the command itself. The packages bring their own. */
import { RetNetError } from '@retnet/core'

/** The command line asks for something that makes no sense. Exit code 2. */
export class UsageError extends RetNetError {}

/** What was asked for cannot be done with these files. Exit code 1. */
export class CommandError extends RetNetError {}

/** The user has ended the command. Exit code 130, and nothing is said. */
export class InterruptedError extends RetNetError {
  constructor() {
    super('interrupted.')
  }
}
