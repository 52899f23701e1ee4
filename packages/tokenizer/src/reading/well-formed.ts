/// <reference lib="es2024.string" />
/** Strings without lone surrogates, the only ones that have a UTF-8 form. */

export function isWellFormed(text: string): boolean {
  return text.isWellFormed()
}

/** The text with U+FFFD in place of every lone surrogate. */
export function toWellFormed(text: string): string {
  return text.toWellFormed()
}
