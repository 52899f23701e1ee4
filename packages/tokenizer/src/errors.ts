/** The errors of this package. Each carries fields, and a message that says what was expected, what came and what to do. */

/** Base of every error this package throws on purpose. */
export class TokenizerError extends Error {
  override name = 'TokenizerError'
}

// the mark by which @retnet/core and others recognise the errors of this family of packages, without importing one another
Object.defineProperty(TokenizerError.prototype, Symbol.for('@retnet/error'), { value: true })

/** A `tokenizer.json` that is broken: wrong types, tokens that do not exist, ids used twice. */
export class TokenizerFormatError extends TokenizerError {
  override name = 'TokenizerFormatError'
  /** Where in the file, for example `model.merges[12]`. */
  declare readonly path: string
  declare readonly expected: string
  declare readonly actual: string
  constructor(path: string, expected: string, actual: string) {
    super(`tokenizer.json: ${path}: expected ${expected}, got ${actual}.`)
    Object.assign(this, { path, expected, actual })
  }
}

/** A `tokenizer.json` that is well formed but asks for a part this package does not have. */
export class UnsupportedTokenizerError extends TokenizerError {
  override name = 'UnsupportedTokenizerError'
  /** Where in the file, for example `model.type`. */
  declare readonly path: string
  declare readonly supported: string
  declare readonly actual: string
  constructor(path: string, supported: string, actual: string) {
    super(`tokenizer.json: ${path}: ${actual} is not supported. Supported: ${supported}.`)
    Object.assign(this, { path, supported, actual })
  }
}

/** A token id that the vocabulary does not hold. */
export class TokenIdError extends TokenizerError {
  override name = 'TokenIdError'
  declare readonly id: unknown
  /** Position in the given list, -1 for a single id. */
  declare readonly index: number
  declare readonly vocabularySize: number
  constructor(id: unknown, index: number, vocabularySize: number) {
    const where = index < 0 ? '' : ` at index ${index}`
    super(
      `token id${where}: expected an integer from 0 to ${vocabularySize - 1}, got ${String(id)}. Decode with the tokenizer that made the ids.`,
    )
    Object.assign(this, { id, index, vocabularySize })
  }
}

/** An argument or option of a call that has the wrong type or an unknown name. */
export class TokenizerArgumentError extends TokenizerError {
  override name = 'TokenizerArgumentError'
  /** The call and its argument, for example `encode: options.addSpecialTokens`. */
  declare readonly argument: string
  declare readonly expected: string
  declare readonly actual: string
  constructor(argument: string, expected: string, actual: string) {
    super(`${argument}: expected ${expected}, got ${actual}.`)
    Object.assign(this, { argument, expected, actual })
  }
}
