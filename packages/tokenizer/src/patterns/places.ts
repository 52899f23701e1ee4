/** Places in a text that patterns can ask for. Lines end at line feeds, and `^` and `$` are those of lines, as in Ruby. */
import { characterSet } from '../pre-tokenizers/character-set.js'
import { wordOutside } from './properties.js'
import type { PlaceTest } from './tree.js'

const LINE_FEED = 0x0a
const isWord = characterSet(new RegExp(wordOutside, 'v'))

const wordAt = (text: string, at: number, end: number): boolean => at < end && isWord(text, at)
const wordBefore = (text: string, at: number, start: number): boolean => at > start && isWord(text, before(text, at))

/** Where the character before `at` begins. */
export function before(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1)
  return unit >= 0xdc00 && unit < 0xe000 ? at - 2 : at - 1
}

const isBoundary: PlaceTest = (text, at, start, end) => wordBefore(text, at, start) !== wordAt(text, at, end)

export const places: Readonly<Record<string, PlaceTest>> = {
  '^': (text, at, start, end) => at === start || (at < end && text.charCodeAt(at - 1) === LINE_FEED),
  $: (text, at, _, end) => at === end || text.charCodeAt(at) === LINE_FEED,
  '\\A': (_text, at, start) => at === start,
  '\\z': (_text, at, _start, end) => at === end,
  '\\Z': (text, at, _, end) => at === end || (at === end - 1 && text.charCodeAt(at) === LINE_FEED),
  '\\b': isBoundary,
  '\\B': (...place) => !isBoundary(...place),
}
