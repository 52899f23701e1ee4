import { crc32 } from 'node:zlib'
import { StoreError } from '../errors.js'

const MAGIC = 0x524e4f31
const HEADER = 16

/** The bytes of a file: a header that tells a file cut short, changed, or in another's place, then the object. */
export function seal(key: string, bytes: Uint8Array): readonly Uint8Array[] {
  const header = Buffer.alloc(HEADER)
  header.writeUInt32LE(MAGIC, 0)
  header.writeUInt32LE(checksum(key, bytes), 4)
  header.writeBigUInt64LE(BigInt(bytes.length), 8)
  return [header, bytes]
}

/** The object in a file. Throws StoreError('damaged') if it is not the one that was written under this key. */
export function unseal(key: string, file: Buffer): Uint8Array {
  const bytes = new Uint8Array(
    file.buffer,
    file.byteOffset + Math.min(HEADER, file.length),
    Math.max(0, file.length - HEADER),
  )
  const fits =
    file.length >= HEADER &&
    file.readUInt32LE(0) === MAGIC &&
    file.readBigUInt64LE(8) === BigInt(bytes.length) &&
    file.readUInt32LE(4) === checksum(key, bytes)
  if (!fits) throw new StoreError('damaged', `${key}: the file is not what was written.`)
  return bytes
}

function checksum(key: string, bytes: Uint8Array): number {
  return crc32(bytes, crc32(key))
}
