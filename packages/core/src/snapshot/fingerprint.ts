/** A fast 64-bit fingerprint that tells one set of weights from another. Not cryptographic: it detects mistakes, not attackers. */
export class Fingerprint {
  #high = 0x9e3779b9
  #low = 0x85ebca6b

  /** Adds a tensor: its name and its bytes as stored in the checkpoint, before any conversion. */
  add(name: string, bytes: Uint8Array): this {
    this.#mix(new TextEncoder().encode(name))
    this.#mix(bytes)
    return this
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return [this.#high, this.#low].map((half) => finish(half).toString(16).padStart(8, '0')).join('')
  }

  #mix(bytes: Uint8Array): void {
    let [high, low] = [this.#high, this.#low ^ bytes.length]
    const whole = bytes.length & ~3
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at < whole; at += 4) {
      const word = view.getUint32(at, true)
      high = Math.imul(high ^ word, 0x01000193) ^ (low >>> 15)
      low = (Math.imul(low + word, 0xcc9e2d51) + (high >>> 13)) | 0
    }
    for (let at = whole; at < bytes.length; at++) low = Math.imul(low ^ bytes[at], 0x01000193)
    this.#high = high
    this.#low = low
  }
}

function finish(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** Fingerprint of any JSON-able value; the order of object keys does not matter. */
export function fingerprintOf(value: unknown): string {
  return new Fingerprint().add('json', new TextEncoder().encode(canonical(value))).digest()
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
}
