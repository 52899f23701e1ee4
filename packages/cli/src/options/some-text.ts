import { InvalidArgumentError } from 'commander'

/** Refuses what a variable that is not set leaves of an option. */
export function someText(text: string): string {
  if (text.trim() !== '') return text
  throw new InvalidArgumentError('Expected something, got nothing.')
}
