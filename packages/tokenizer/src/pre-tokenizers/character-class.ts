/**
 * Letter, number, whitespace or other, for every code point: one byte each, filled when a code point is first seen. The
 * categories are those of the JavaScript engine's Unicode version.
 */

export const OTHER = 1
export const LETTER = 2
export const NUMBER = 3
export const SPACE = 4

const letter = /\p{L}/u
const number = /\p{N}/u
// White_Space, as Rust and Oniguruma read \s. JavaScript's \s has U+FEFF too, and lacks U+0085.
const space = /\p{White_Space}/u

const classes = new Uint8Array(0x110000)

function classify(point: number): number {
  const character = String.fromCodePoint(point)
  const found = letter.test(character)
    ? LETTER
    : number.test(character)
      ? NUMBER
      : space.test(character)
        ? SPACE
        : OTHER
  classes[point] = found
  return found
}

/** Class of the character at `at`, which must not be the second half of a surrogate pair. */
export function classAt(text: string, at: number): number {
  const found = classes[text.charCodeAt(at)]
  // Surrogates never get a class of their own, so they come here each time.
  return found !== 0 ? found : classOfRare(text, at)
}

function classOfRare(text: string, at: number): number {
  const point = text.codePointAt(at)!
  return classes[point] || classify(point)
}

/** Code units of the character at `at`. */
export function widthAt(text: string, at: number): number {
  return text.codePointAt(at)! > 0xffff ? 2 : 1
}

/** End of the run of characters of class `wanted` that begins at `from`. */
export function endOfRun(text: string, from: number, end: number, wanted: number): number {
  let at = from
  while (at < end) {
    const found = classes[text.charCodeAt(at)]
    if (found === wanted) at++
    else if (found !== 0 || classOfRare(text, at) !== wanted) return at
    else at += widthAt(text, at)
  }
  return at
}
