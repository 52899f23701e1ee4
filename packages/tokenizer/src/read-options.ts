/** Options of calls: known names, known types. */
import { TokenizerArgumentError } from './errors.js'
import { describe } from './reading/describe.js'

/** The options over their defaults; an unknown name or another type throws, undefined means the default. */
export function readOptions<T extends object>(call: string, options: Partial<T>, defaults: T): T {
  if (typeof options !== 'object' || options === null) {
    throw new TokenizerArgumentError(`${call}: options`, 'an object', describe(options))
  }
  const result = { ...defaults } as Record<string, unknown>
  for (const [key, value] of Object.entries(options)) {
    const argument = `${call}: options.${key}`
    if (!Object.hasOwn(defaults, key)) {
      throw new TokenizerArgumentError(argument, `one of ${Object.keys(defaults).join(', ')}`, 'an unknown option')
    }
    if (value === undefined) continue
    if (typeof result[key] === 'boolean' && typeof value !== 'boolean') {
      throw new TokenizerArgumentError(argument, 'true or false', describe(value))
    }
    result[key] = value
  }
  return result as T
}

export function checkText(call: string, text: unknown): asserts text is string {
  if (typeof text !== 'string') throw new TokenizerArgumentError(call, 'a string', describe(text))
}
