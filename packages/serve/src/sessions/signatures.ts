/** Signatures of snapshots: a server takes none that a server with one of its keys has not given out. */
import { type Hmac, createHmac, timingSafeEqual } from 'node:crypto'
import { ApiError } from '../api/api-error.js'
import { ServeArgumentError } from '../errors.js'

export const signatureHeader = 'x-retnet-signature'

export class Signatures {
  readonly #keys: readonly string[]

  /** The first key signs; all are believed. Without keys nothing is signed and everything is taken. */
  constructor(keys: readonly string[] = []) {
    for (const key of keys) {
      if (key.length < 16) throw new ServeArgumentError('snapshotKeys', 'keys of at least 16 characters', key.length)
    }
    this.#keys = keys
  }

  /** Null without a key. */
  sign(bytes: Uint8Array): string | null {
    return this.#keys.length === 0 ? null : shown(createHmac('sha256', this.#keys[0]).update(bytes).digest())
  }

  /** Gets the bytes as they come; `check` throws a 403 unless one of the keys made this signature of all of them. */
  verifier(signature: string | null): { update(bytes: Uint8Array): void; check(): void } {
    if (this.#keys.length === 0 && signature !== null) throw refusal('this server has no key to check it with')
    if (this.#keys.length > 0 && signature === null) throw refusal('it is missing, and this server asks for one')
    const hashes: Hmac[] = this.#keys.map((key) => createHmac('sha256', key))
    return {
      update: (bytes) => {
        for (const hash of hashes) hash.update(bytes)
      },
      check: () => {
        const own = hashes.map((hash) => shown(hash.digest()))
        if (own.length > 0 && !own.some((one) => isEqual(one, signature!))) throw refusal('none of the keys made it')
      },
    }
  }
}

function shown(digest: Buffer): string {
  return `sha256=${digest.toString('hex')}`
}

function isEqual(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

function refusal(why: string): ApiError {
  return new ApiError(403, 'signature_refused', `${signatureHeader}: ${why}.`)
}
