/** Errors on their way from one thread to the other: cloning alone would forget the class and the fields. */
import {
  TokenIdError,
  TokenizerArgumentError,
  TokenizerError,
  TokenizerFormatError,
  UnsupportedTokenizerError,
} from '../errors.js'
import type { SentError } from './messages.js'

/** The worker could not be started, has failed, or is disposed. */
export class TokenizerWorkerError extends TokenizerError {
  override name = 'TokenizerWorkerError'
}

const classes = [TokenIdError, TokenizerArgumentError, TokenizerFormatError, UnsupportedTokenizerError] as const
const classOf = new Map<string, { readonly prototype: TokenizerError }>(
  classes.map((each) => [each.name, each] as const),
)

export function toSent(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), fields: {} }
  const values = Object.entries(error).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
  return { name: error.name, message: error.message, fields: Object.fromEntries(values) }
}

export function fromSent({ name, message, fields }: SentError): Error {
  const known = classOf.get(name)
  if (known === undefined) return new TokenizerWorkerError(`${name}: ${message}`)
  return Object.assign(Object.setPrototypeOf(new Error(message), known.prototype) as Error, fields)
}
