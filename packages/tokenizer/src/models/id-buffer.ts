/** A list of token ids that grows by doubling. */
export class IdBuffer {
  data: Uint32Array
  length = 0

  constructor(capacity: number) {
    this.data = new Uint32Array(capacity)
  }

  /** Makes room for `count` more ids; write them at `data[length++]`. */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.data.length) return
    const grown = new Uint32Array(Math.max(needed, this.data.length * 2))
    grown.set(this.data.subarray(0, this.length))
    this.data = grown
  }

  append(ids: ArrayLike<number>, count: number): void {
    this.reserve(count)
    for (let i = 0; i < count; i++) this.data[this.length++] = ids[i]
  }

  push(id: number): void {
    this.reserve(1)
    this.data[this.length++] = id
  }

  /** A copy that holds the ids and nothing else. */
  toArray(): Uint32Array {
    return this.data.slice(0, this.length)
  }
}
