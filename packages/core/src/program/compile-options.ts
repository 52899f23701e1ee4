import type { CompileOptions } from '../contract/backend.js'
import { ArgumentError } from '../errors/argument-error.js'

const known: readonly string[] = ['weights', 'form', 'chunk', 'signal', 'onProgress'] satisfies (keyof CompileOptions)[]
const forms: readonly unknown[] = ['auto', 'parallel', 'recurrent', 'chunkwise']

/** For backends: throws ArgumentError at an unknown option or a wrong value. `others` are options of the backend's own. */
export function checkCompileOptions(options: CompileOptions, others: readonly string[] = []): void {
  const names = [...known, ...others]
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown) throw new ArgumentError({ argument: 'compile options', expected: names.join(', '), actual: unknown })
  const { form = 'auto', chunk = 1, onProgress } = options
  if (!forms.includes(form)) throw new ArgumentError({ argument: 'form', expected: forms.join(', '), actual: form })
  if (!Number.isSafeInteger(chunk) || chunk < 1) {
    throw new ArgumentError({ argument: 'chunk', expected: 'a whole number of at least 1', actual: chunk })
  }
  if (onProgress === undefined || typeof onProgress === 'function') return
  throw new ArgumentError({ argument: 'onProgress', expected: 'a function', actual: onProgress })
}
