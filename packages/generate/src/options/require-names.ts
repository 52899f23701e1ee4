import { GenerateArgumentError } from '../errors.js'

/** Throws a GenerateArgumentError unless `options` is an object all of whose keys are in `names`. */
export function requireNames(options: unknown, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new GenerateArgumentError({ argument: 'options', expected: 'an object', actual: options })
  }
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown === undefined) return
  const expected = `only names among ${names.join(', ')}`
  throw new GenerateArgumentError({ argument: 'options', expected, actual: unknown })
}
