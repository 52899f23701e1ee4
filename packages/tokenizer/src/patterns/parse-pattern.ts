/**
 * Reads a regular expression in the syntax of Oniguruma with the rules of Ruby, as the reference has it. What cannot be done here in the
 * same way is refused by name.
 */
import { places } from './places.js'
import { wordOutside } from './properties.js'
import { quoted, readClass, readEscape } from './read-class.js'
import { Source } from './source.js'
import type { Repeat, Tree } from './tree.js'

interface Flags {
  readonly ignoreCase: boolean
  /** Whether the dot takes line feeds. */
  readonly dotAll: boolean
}

const DEEPEST = 64
// strings that equal one character where case does not count, which a test of single characters cannot see
const FOLDED = /ss|st|f[filt]|\u02bcn|j\u030c|h\u0331|t\u0308|w\u030a|y\u030a|a\u02be/i

/** The tree of `pattern`; `path` says where in the file it is. */
export function parsePattern(pattern: string, path: string): Tree {
  const source = new Source(pattern, path)
  const tree = readChoice(source, { ignoreCase: false, dotAll: false }, 0)
  if (!source.isAtEnd) throw source.broken('no ) without a (')
  return tree
}

function readChoice(source: Source, flags: Flags, depth: number): Tree {
  if (depth > DEEPEST) throw source.unsupported(`more than ${DEEPEST} groups in one another`)
  const options: Tree[] = []
  let items: Tree[] = []
  let literal = ''
  const end = (): void => {
    options.push(items.length === 1 ? items[0] : { kind: 'sequence', items })
    items = []
    literal = ''
  }
  while (!source.isAtEnd && !source.sees(')')) {
    if (source.take('|')) {
      end()
      continue
    }
    const changed = source.match(/^\(\?([im]*)(?:-([im]+))?\)/)
    if (changed) {
      // as in Ruby, to the end of the group, with all its other options
      items.push(readChoice(source, withFlags(flags, changed), depth + 1))
      continue
    }
    const before = source.at
    const item = readRepeated(source, flags, depth)
    if (item) items.push(item)
    literal = source.at === before + 1 ? literal + source.textFrom(before) : ''
    if (flags.ignoreCase && FOLDED.test(literal)) throw source.unsupported(`${literal} without case`)
  }
  end()
  return options.length === 1 ? options[0] : { kind: 'choice', options }
}

const withFlags = (flags: Flags, [, on, off = '']: RegExpExecArray): Flags => ({
  ignoreCase: on.includes('i') || (flags.ignoreCase && !off.includes('i')),
  dotAll: on.includes('m') || (flags.dotAll && !off.includes('m')),
})

function readRepeated(source: Source, flags: Flags, depth: number): Tree | undefined {
  let item = readAtom(source, flags, depth)
  for (;;) {
    const found = item && readRepeat(source, item)
    if (!found) return item
    item = found
  }
}

function readRepeat(source: Source, item: Tree): Tree | undefined {
  const repeat = (least: number, most: number, mode: Repeat['mode'] = 'greedy'): Tree => {
    if (item.kind === 'look' || item.kind === 'place') throw source.unsupported('a place that is repeated')
    return { kind: 'repeat', item, least, most, mode }
  }
  const sign = source.match(/^[*+?]/)?.[0]
  if (sign !== undefined) {
    const mode = source.take('?') ? 'lazy' : source.take('+') ? 'possessive' : 'greedy'
    return repeat(sign === '+' ? 1 : 0, sign === '?' ? 1 : Infinity, mode)
  }
  const counts = source.match(/^\{(\d{1,6})?(,)?(\d{1,6})?\}/)
  if (!counts) return undefined
  const [all, from, comma, to] = counts
  if (from === undefined && to === undefined) {
    source.at -= all.length
    return undefined
  }
  const least = Number(from ?? 0)
  const most = comma === undefined ? least : Number(to ?? Infinity)
  if (most < least) throw source.broken('a count that is not below the one before it')
  // In Ruby {n}? is a count and a question mark, and a + behind a count repeats it.
  return repeat(least, most, comma !== undefined && source.take('?') ? 'lazy' : 'greedy')
}

function readAtom(source: Source, flags: Flags, depth: number): Tree | undefined {
  const set = (text: string): Tree => ({ kind: 'set', test: source.set(text, flags.ignoreCase) })
  const character = source.next()
  if (character === '(') return readGroup(source, flags, depth)
  if (character === '[') return set(readClass(source))
  if (character === '.') return set(flags.dotAll ? '[^]' : '[^\\n]')
  if (character === '\\') {
    const name = `\\${source.peek()}`
    if (source.take('w')) return set(`[${wordOutside}]`)
    if (source.take('W')) return set(`[^${wordOutside}]`)
    if (!Object.hasOwn(places, name)) return set(`[${readEscape(source)}]`)
    source.next()
    return { kind: 'place', holds: places[name] }
  }
  if (Object.hasOwn(places, character)) return { kind: 'place', holds: places[character] }
  if (/[*+?]/.test(character)) throw source.broken('something to repeat')
  if (flags.ignoreCase) return set(`[${quoted(character)}]`)
  return { kind: 'set', test: (text, at) => text.startsWith(character, at) }
}

function readGroup(source: Source, flags: Flags, depth: number): Tree | undefined {
  if (source.take('?#')) {
    source.until(')')
    return undefined
  }
  const [opening, looks] = LOOKS.find(([text]) => source.take(text)) ?? []
  const own = opening === undefined ? source.match(/^\?([im]*)(?:-([im]+))?:/) : undefined
  const isAtomic = opening === undefined && source.take('?>')
  if (opening === undefined && !own && !isAtomic && source.sees('?') && !source.match(/^\?<[A-Za-z_]\w*>/))
    throw source.unsupported(`(?${source.textFrom(source.at, 3).slice(1)}`)
  const item = readChoice(source, own ? withFlags(flags, own) : flags, depth + 1)
  if (!source.take(')')) throw source.broken('a )')
  if (looks) return { kind: 'look', item, ...looks }
  return isAtomic ? { kind: 'atomic', item } : item
}

const LOOKS = [
  ['?=', { behind: false, wanted: true }],
  ['?!', { behind: false, wanted: false }],
  ['?<=', { behind: true, wanted: true }],
  ['?<!', { behind: true, wanted: false }],
] as const
