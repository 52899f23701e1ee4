/** Reads what stands for one character, as the text of a JavaScript class with the flag `v`. */
import { posixClass, propertyClass, shortClass } from './properties.js'
import type { Source } from './source.js'

const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, a: 7, e: 27 }

/** A character for a class, whatever it is. */
export const quoted = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`

/** What stands behind a backslash, if it is one character or a class. */
export function readEscape(source: Source): string {
  const letter = source.next()
  if (/[pP]/.test(letter)) return readProperty(source, letter === 'P')
  const known = shortClass(letter)
  if (known !== undefined) return known
  if (Object.hasOwn(CONTROLS, letter)) return quoted(String.fromCharCode(CONTROLS[letter]))
  if (letter === 'x' || letter === 'u') return readHex(source, letter)
  if (/[A-Za-z0-9]/.test(letter)) throw source.unsupported(`\\${letter}`)
  return quoted(letter)
}

function readHex(source: Source, letter: string): string {
  const digits = source.match(letter === 'u' ? /^[\dA-Fa-f]{4}/ : /^(?:\{\s*([\dA-Fa-f]{1,8})\s*\}|[\dA-Fa-f]{1,2})/)
  const point = digits ? Number.parseInt(digits[1] ?? digits[0], 16) : -1
  // bytes of UTF-8 one by one have no meaning here
  if (letter === 'x' && digits?.[1] === undefined && point > 0x7f) throw source.unsupported(`\\x${digits![0]}`)
  if (point < 0 || point > 0x10ffff) throw source.broken('the number of a character')
  return quoted(String.fromCodePoint(point))
}

function readProperty(source: Source, negated: boolean): string {
  if (!source.take('{')) throw source.broken('{ behind \\p')
  const name = source.until('}')
  const inverted = name.startsWith('^')
  const found = propertyClass(inverted ? name.slice(1) : name)
  if (found === undefined) throw source.unsupported(`\\p{${name}}`)
  return negated === inverted ? found : `[^${found}]`
}

/** A class, behind its opening bracket. */
export function readClass(source: Source): string {
  const negated = source.take('^')
  // what stands between two && is one set, and all of these must hold
  const sets: string[] = []
  let items = source.take(']') ? quoted(']') : ''
  while (!source.take(']')) {
    if (source.take('&&')) {
      sets.push(`[${items}]`)
      items = ''
    } else items += readItem(source)
  }
  const inside = [...sets, sets.length > 0 ? `[${items}]` : items].join('&&')
  return `[${negated ? '^' : ''}${inside}]`
}

function readItem(source: Source): string {
  if (source.take('[:')) {
    const name = source.until(':]')
    const found = posixClass(name)
    if (found === undefined) throw source.unsupported(`[:${name}:]`)
    return found
  }
  if (source.take('[')) return readClass(source)
  const from = readEnd(source)
  // a hyphen at the end of a class is one, and a class begins no range
  if (!from.startsWith('\\u') || !source.sees('-') || source.sees('-]') || source.sees('-&&')) return from
  source.next()
  if (source.sees('[')) return from + quoted('-')
  const to = readEnd(source)
  if (!to.startsWith('\\u')) return from + quoted('-') + to
  const pointOf = (text: string): number => Number.parseInt(text.slice(3, -1), 16)
  if (pointOf(from) > pointOf(to)) throw source.broken('a range from low to high')
  return `${from}-${to}`
}

function readEnd(source: Source): string {
  const character = source.next()
  return character === '\\' ? readEscape(source) : quoted(character)
}
