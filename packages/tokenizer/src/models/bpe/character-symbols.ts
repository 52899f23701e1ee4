/** The alphabet of BPE over characters, with the prefix and suffix some files put on them, and bytes for unknown characters. */
import { describe } from '../../reading/describe.js'
import { wrong } from '../../reading/fields.js'
import type { Alphabet, UnknownRule } from './alphabet.js'

export interface CharacterRule extends UnknownRule {
  /** Put before every character of a piece but the first. */
  readonly prefix: string
  /** Put behind the last character of a piece. */
  readonly suffix: string
  /** Whether an unknown character is spelled in tokens such as `<0x0A>`. */
  readonly byteFallback: boolean
}

const utf8 = new TextEncoder()
const nameOfByte = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`

/** Ids of the 256 byte tokens, -1 where there is none. Throws for a token like `<0x-1>`, which names no byte. */
export function readByteTokens(vocabulary: ReadonlyMap<string, number>): Int32Array {
  const names = Array.from({ length: 256 }, (_, byte) => nameOfByte(byte))
  for (const token of vocabulary.keys()) {
    if (/^<0x[^>]*>$/.test(token) && !names.includes(token))
      throw wrong(`model.vocab[${describe(token)}]`, '<0x00> to <0xFF>', token)
  }
  return Int32Array.from(names, (name) => vocabulary.get(name) ?? -1)
}

export function characterSymbols(vocabulary: ReadonlyMap<string, number>, rule: CharacterRule): Alphabet {
  const { unknownId, fuseUnknown, prefix, suffix, byteFallback } = rule
  const idOfByte = byteFallback ? readByteTokens(vocabulary) : undefined
  // Looking a character up in the vocabulary needs a string; one unit is found here from the second time on.
  const idOfUnit = new Int32Array(prefix || suffix ? 0 : 0x10000)
  const find = (text: string, from: number, to: number, isFirst: boolean, isLast: boolean): number => {
    const known = to - from === 1 ? idOfUnit[text.charCodeAt(from)] : 0
    if (known) return known - 2
    const id = vocabulary.get((isFirst ? '' : prefix) + text.slice(from, to) + (isLast ? suffix : '')) ?? -1
    if (to - from === 1 && idOfUnit.length > 0) idOfUnit[text.charCodeAt(from)] = id + 2
    return id
  }
  const bytesOf = (symbol: string): number[] | undefined => {
    if (!idOfByte) return undefined
    const ids = Array.from(utf8.encode(symbol), (byte) => idOfByte[byte])
    return ids.includes(-1) ? undefined : ids
  }
  return {
    room: (units) => (byteFallback ? units * (3 + 3 * prefix.length) + 3 * suffix.length : units),
    spell: (text, start, end) => text.slice(start, end),
    write(text, start, end, symbols, spans) {
      let length = 0
      let unknownFrom = -1
      let unknownTo = 0
      const put = (id: number, from: number, to: number): void => {
        symbols[length] = id
        if (spans) {
          spans[length * 2] = from
          spans[length * 2 + 1] = to
        }
        length++
      }
      const putUnknown = (): void => {
        if (unknownFrom >= 0) put(unknownId!, unknownFrom, unknownTo)
        unknownFrom = -1
      }
      for (let from = start; from < end;) {
        const to = from + (text.codePointAt(from)! > 0xffff ? 2 : 1)
        const id = find(text, from, to, from === start, to === end)
        if (id >= 0) {
          putUnknown()
          put(id, from, to)
        } else {
          const symbol = (from === start ? '' : prefix) + text.slice(from, to) + (to === end ? suffix : '')
          const bytes = bytesOf(symbol)
          // As in the reference, bytes go before an unknown that is still open.
          if (bytes) for (const byte of bytes) put(byte, from, to)
          else if (unknownId !== undefined) {
            if (!fuseUnknown) putUnknown()
            if (unknownFrom < 0) unknownFrom = from
            unknownTo = to
          }
        }
        from = to
      }
      putUnknown()
      return length
    },
  }
}
