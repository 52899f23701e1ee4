/** Names of properties and classes as Oniguruma has them, written for a JavaScript class with the flag `v`. */

// after https://github.com/kkos/oniguruma/blob/master/doc/RE, for Unicode
const CLASSES: Readonly<Record<string, string>> = {
  alnum: String.raw`\p{Alphabetic}\p{Nd}`,
  alpha: String.raw`\p{Alphabetic}`,
  ascii: String.raw`\0-\x7f`,
  blank: String.raw`\p{Zs}\t`,
  cntrl: String.raw`\p{Cc}`,
  digit: String.raw`\p{Nd}`,
  graph: String.raw`[^\p{White_Space}\p{Cc}\p{Cn}\p{Cs}]`,
  lower: String.raw`\p{Lowercase}`,
  print: String.raw`[[^\p{White_Space}\p{Cc}\p{Cn}\p{Cs}]\p{Zs}]`,
  punct: String.raw`\p{P}\p{S}`,
  space: String.raw`\p{White_Space}`,
  upper: String.raw`\p{Uppercase}`,
  xdigit: '0-9A-Fa-f',
  word: String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}`,
}

const SHORT: Readonly<Record<string, string>> = { d: 'digit', h: 'xdigit', s: 'space', w: 'word' }

/** `\w` outside of brackets also takes what Latin-1 has of numbers. */
export const wordOutside = String.raw`[${CLASSES.word}\xb2\xb3\xb9\xbc-\xbe]`

/** The class of `\d`, `\h`, `\s`, `\w` or, in capitals, of all others; undefined for other letters. */
export function shortClass(letter: string): string | undefined {
  const name = SHORT[letter.toLowerCase()]
  if (name === undefined) return undefined
  return `[${letter === letter.toLowerCase() ? '' : '^'}${CLASSES[name]}]`
}

/** The class of `[:name:]`, undefined if there is none. */
export function posixClass(name: string): string | undefined {
  const negated = name.startsWith('^')
  const found = CLASSES[negated ? name.slice(1) : name]
  return found === undefined ? undefined : `[${negated ? '^' : ''}${found}]`
}

/** The class of `\p{name}`, undefined if there is none in this engine. */
export function propertyClass(name: string): string | undefined {
  // case, spaces, hyphens and underscores do not count there
  const plain = name.replace(/[\s_-]/g, '')
  const words = name.trim().replace(/[\s-]+/g, '_')
  const title = words.toLowerCase().replace(/(^|_)[a-z]/g, (letter) => letter.toUpperCase())
  const known = posixClass(plain.toLowerCase())
  if (known !== undefined) return known
  const tried = [words, title, `Script=${words}`, `Script=${title}`].map((each) => `\\p{${each}}`)
  return plain.toLowerCase() === 'any' ? String.raw`[\0-\u{10ffff}]` : tried.find(compiles)
}

function compiles(source: string): boolean {
  try {
    return new RegExp(source, 'v').source !== ''
  } catch {
    return false
  }
}
