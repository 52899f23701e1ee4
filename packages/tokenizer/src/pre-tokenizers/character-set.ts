/** Sets of characters, tested with a regular expression once per character and remembered. */

export type CharacterTest = (text: string, at: number) => boolean

/** `pattern` must match one character, with the flag `u`. */
export function characterSet(pattern: RegExp): CharacterTest {
  const known = new Uint8Array(0x10000)
  return (text, at) => {
    const unit = text.charCodeAt(at)
    if (known[unit] !== 0) return known[unit] === 2
    const isIn = pattern.test(String.fromCodePoint(text.codePointAt(at)!))
    // Half of a pair says nothing about the whole.
    if (unit < 0xd800 || unit > 0xdfff) known[unit] = isIn ? 2 : 1
    return isIn
  }
}
