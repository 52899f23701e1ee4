/** Hands out ranges of one linear memory: first fit over a list of free ranges that are joined again when they meet. */

interface Range {
  start: number
  end: number
}

/** Cache line: blocks of different owners never share one. */
const alignment = 64

export class Allocator {
  readonly #free: Range[] = []
  readonly #sizes = new Map<number, number>()
  readonly #grow: (end: number) => void
  #end: number
  #used = 0

  /** `grow` makes memory reach at least to `end` and throws if it cannot. */
  constructor(start: number, grow: (end: number) => void) {
    this.#end = roundUp(start)
    this.#grow = grow
  }

  get used(): number {
    return this.#used
  }

  allocate(bytes: number): number {
    const size = roundUp(Math.max(bytes, 1))
    const start = this.#take(size) ?? this.#extend(size)
    this.#sizes.set(start, size)
    this.#used += size
    return start
  }

  free(start: number): void {
    const size = this.#sizes.get(start)
    if (size === undefined) throw new RangeError(`no block starts at ${start}`)
    this.#sizes.delete(start)
    this.#used -= size
    this.#insert({ start, end: start + size })
  }

  #take(size: number): number | undefined {
    const index = this.#free.findIndex((range) => range.end - range.start >= size)
    if (index < 0) return undefined
    const range = this.#free[index]
    const { start } = range
    range.start += size
    if (range.start === range.end) this.#free.splice(index, 1)
    return start
  }

  #extend(size: number): number {
    const last = this.#free.at(-1)
    const start = last?.end === this.#end ? last.start : this.#end
    this.#grow(start + size)
    if (start < this.#end) this.#free.pop()
    this.#end = start + size
    return start
  }

  #insert(range: Range): void {
    let index = this.#free.findIndex(({ start }) => start > range.start)
    if (index < 0) index = this.#free.length
    this.#free.splice(index, 0, range)
    this.#join(index)
    if (index > 0) this.#join(index - 1)
  }

  #join(index: number): void {
    const [left, right] = [this.#free[index], this.#free[index + 1]]
    if (!right || left.end !== right.start) return
    left.end = right.end
    this.#free.splice(index + 1, 1)
  }
}

export function roundUp(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment
}
