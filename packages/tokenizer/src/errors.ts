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
  constructor(
    /** Where in the file, for example `model.merges[12]`. */
    readonly path: string,
    readonly expected: string,
    readonly actual: string,
  ) {
    super(`tokenizer.json: ${path}: expected ${expected}, got ${actual}.`)
  }
}

/** A `tokenizer.json` that is well formed but asks for a part this package does not have. */
export class UnsupportedTokenizerError extends TokenizerError {
  override name = 'UnsupportedTokenizerError'
  constructor(
    /** Where in the file, for example `model.type`. */
    readonly path: string,
    readonly supported: string,
    readonly actual: string,
  ) {
    super(`tokenizer.json: ${path}: ${actual} is not supported. Supported: ${supported}.`)
  }
}

/** A token id that the vocabulary does not hold. */
export class TokenIdError extends TokenizerError {
  override name = 'TokenIdError'
  constructor(
    readonly id: unknown,
    /** Position in the given list, -1 for a single id. */
    readonly index: number,
    readonly vocabularySize: number,
  ) {
    const where = index < 0 ? 'token id' : `token id at index ${index}`
    super(
      `${where}: expected an integer from 0 to ${vocabularySize - 1}, got ${String(id)}. Decode with the tokenizer that made the ids.`,
    )
  }
}

/** An argument or option of a call that has the wrong type or an unknown name. */
export class TokenizerArgumentError extends TokenizerError {
  override name = 'TokenizerArgumentError'
  constructor(
    /** The call and its argument, for example `encode: options.addSpecialTokens`. */
    readonly argument: string,
    readonly expected: string,
    readonly actual: string,
  ) {
    super(`${argument}: expected ${expected}, got ${actual}.`)
  }
}
