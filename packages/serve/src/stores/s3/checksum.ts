const { subtle } = globalThis.crypto

/** SHA-256 in hex, computed outside of the event loop. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await subtle.digest('SHA-256', bytes)).toString('hex')
}

/** What an object carries with it. The key is part of it, so that the bytes of another object do not pass. */
export function checksumOf(key: string, hash: string): Promise<string> {
  return sha256(new TextEncoder().encode(`${key}\n${hash}`))
}
