/**
 * The byte alphabet of byte-level BPE (GPT-2 `bytes_to_unicode`): every byte has one printable character, so that a
 * vocabulary of bytes can be written as JSON strings.
 */

const isPrintable = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173)

function build(): readonly string[] {
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++))
}

/** `characterOfByte[byte]` is the character that stands for the byte. */
export const characterOfByte: readonly string[] = build()

const byteOfCharacter = new Map(characterOfByte.map((character, byte) => [character, byte]))
const utf8 = new TextEncoder()

/** The bytes a token stands for. A token with any character outside the alphabet stands for its own UTF-8 bytes. */
export function bytesOfToken(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length)
  for (let i = 0; i < token.length; i++) {
    const byte = byteOfCharacter.get(token[i])
    if (byte === undefined) return utf8.encode(token)
    bytes[i] = byte
  }
  return bytes
}
