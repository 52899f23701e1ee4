/** CRC-32 (ISO 3309, as in gzip), eight bytes at a time: "slicing by 8" of Kounavis and Berry, 2005. */

const slices = 8

/** 256 entries for each place of a byte among eight, the last place first. */
const tables = createTables()

function createTables(): Int32Array {
  const all = new Int32Array(slices * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
    all[byte] = value
  }
  for (let at = 256; at < all.length; at++) all[at] = all[all[at - 256] & 255] ^ (all[at - 256] >>> 8)
  return all
}

export function crc32(bytes: Uint8Array): number {
  const whole = bytes.length - (bytes.length % slices)
  let value = -1
  for (let at = 0; at < whole; at += slices) {
    const low = value ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24))
    value =
      tables[1792 + (low & 255)] ^
      tables[1536 + ((low >>> 8) & 255)] ^
      tables[1280 + ((low >>> 16) & 255)] ^
      tables[1024 + (low >>> 24)] ^
      tables[768 + bytes[at + 4]] ^
      tables[512 + bytes[at + 5]] ^
      tables[256 + bytes[at + 6]] ^
      tables[bytes[at + 7]]
  }
  for (let at = whole; at < bytes.length; at++) value = tables[(value ^ bytes[at]) & 255] ^ (value >>> 8)
  return ~value >>> 0
}
