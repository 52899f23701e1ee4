/**
 * The byte alphabet of byte-level BPE (GPT-2 `bytes_to_unicode`): every byte has one printable character, so that a
 * vocabulary of bytes can be written as JSON strings.
 */
import { replaceIn, type Edits } from '../../origin/origin.js'

const isPrintable = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173)

function build(): readonly string[] {
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++))
}

/** `characterOfByte[byte]` is the character that stands for the byte. */
export const characterOfByte: readonly string[] = build()

// By code unit; -1 outside the alphabet, which ends at U+0143.
const byteOfUnit = new Int16Array(0x144).fill(-1)
characterOfByte.forEach((character, byte) => (byteOfUnit[character.charCodeAt(0)] = byte))

const utf8 = new TextEncoder()

/**
 * Writes the bytes a token stands for to `out` from `at`; returns where they end. A token with any character outside the
 * alphabet stands for its own UTF-8 bytes. `out` must have room for 3 bytes per code unit.
 */
export function writeTokenBytes(token: string, out: Uint8Array, at: number): number {
  for (let i = 0; i < token.length; i++) {
    const byte = byteOfUnit[token.charCodeAt(i)] ?? -1
    if (byte < 0) return at + utf8.encodeInto(token, out.subarray(at)).written
    out[at + i] = byte
  }
  return at + token.length
}

/** Text in the byte alphabet, for files that take this step outside BPE. */
export function toByteCharacters(text: string, edits?: Edits): string {
  return replaceIn(
    text,
    /[^]/gu,
    (character) => Array.from(utf8.encode(character), (byte) => characterOfByte[byte]).join(''),
    edits,
  )
}
