/**
 * `Precompiled`: the character map of SentencePiece, a double-array trie over UTF-8 with the replacements behind it. Applied as the
 * reference does: to every grapheme of less than 6 bytes, else to each of its characters; the shortest match stands for all of it.
 */
import type { Edits } from '../origin/origin.js'
import { asText, wrong } from '../reading/fields.js'
import { readSettings, type Step } from '../reading/steps.js'
import type { Normalizer } from './normalizer.js'

interface CharacterMap {
  readonly trie: Uint32Array
  /** Replacements, each with a zero byte behind it. */
  readonly texts: Uint8Array
}

const utf8 = new TextEncoder()
const LONGEST_GRAPHEME_BYTES = 5

export function readPrecompiled(step: Step): Normalizer {
  const { precompiled_charsmap: map } = readSettings(step, { precompiled_charsmap: parseMap })
  const known = new Map<string, string | undefined>()
  const replacement = (part: string): string | undefined => {
    if (!known.has(part)) {
      if (known.size >= 1 << 14) known.clear()
      known.set(part, lookUp(map, utf8.encode(part)))
    }
    return known.get(part)
  }
  const character = (part: string): string => replacement(part) ?? part
  return normalizerOf(replacement, character)
}

function normalizerOf(
  replacement: (part: string) => string | undefined,
  character: (part: string) => string,
): Normalizer {
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
  const grapheme = (part: string): string => {
    const whole = utf8.encode(part).length <= LONGEST_GRAPHEME_BYTES ? replacement(part) : undefined
    return whole ?? Array.from(part, character).join('')
  }
  const changed = Array.from({ length: 128 }, (_, unit) => String.fromCharCode(unit)).filter((c) => character(c) !== c)
  // Most text is ASCII that stays as it is: only what follows is cut into graphemes, with the character before it.
  const hex = changed.map((c) => String.raw`\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
  const interesting = new RegExp(`[\\0-\\x7f]?(?:[^\\0-\\x7f]|\\r\\n|[\\x7f${hex}])+`, 'g')
  return (text, edits) => {
    if (!edits) return text.replace(interesting, (run) => cut(run, graphemes, grapheme))
    return cut(text, graphemes, grapheme, edits)
  }
}

function cut(run: string, graphemes: Intl.Segmenter, change: (part: string) => string, edits?: Edits): string {
  let text = ''
  for (const { segment, index } of graphemes.segment(run)) {
    const made = change(segment)
    if (made !== segment) edits?.push(index, index + segment.length, made.length)
    text += made
  }
  return text
}

function parseMap(value: unknown, path: string): CharacterMap {
  const encoded = asText(value, path)
  let bytes: Uint8Array
  try {
    bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))
  } catch {
    throw wrong(path, 'base64', encoded)
  }
  const size = bytes.length < 4 ? -1 : new DataView(bytes.buffer).getUint32(0, true)
  if (size < 4 || size % 4 !== 0 || size + 4 > bytes.length)
    throw wrong(path, 'a trie as long as its header says', encoded)
  const view = new DataView(bytes.buffer, 4, size)
  const trie = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(i * 4, true))
  return { trie, texts: bytes.subarray(4 + size) }
}

// A unit of the trie, as the darts library packs it.
const hasLeaf = (unit: number): boolean => ((unit >>> 8) & 1) === 1
const labelOf = (unit: number): number => (unit & 0x800000ff) >>> 0
const offsetOf = (unit: number): number => ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0

/** The replacement of the shortest beginning of `key` that has one. */
function lookUp({ trie, texts }: CharacterMap, key: Uint8Array): string | undefined {
  let node = offsetOf(trie[0])
  for (const byte of key) {
    node = (node ^ byte) >>> 0
    const unit = trie[node] ?? 0
    if (byte === 0 || labelOf(unit) !== byte) return undefined
    node = (node ^ offsetOf(unit)) >>> 0
    if (hasLeaf(unit)) return textAt(texts, (trie[node] ?? 0) & 0x7fffffff)
  }
  return undefined
}

function textAt(texts: Uint8Array, start: number): string {
  let end = start
  while (end < texts.length && texts[end] !== 0) end++
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(texts.subarray(start, end))
}
