/** Tokens that are named after a byte, such as `<0x0A>`. */

const byteToken = /^<0x([\dA-Fa-f]{2})>$/

/** The byte of a token such as `<0x0A>`; null for any other. */
export function readByte(token: string): Uint8Array | null {
  const byte = byteToken.exec(token)
  return byte && Uint8Array.of(Number.parseInt(byte[1], 16))
}
