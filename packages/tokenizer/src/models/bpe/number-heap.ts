/** A binary heap of numbers, smallest first. */
export class NumberHeap {
  size = 0
  readonly #items: number[] = []

  push(value: number): void {
    const items = this.#items
    let at = this.size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (items[parent] <= value) break
      items[at] = items[parent]
      at = parent
    }
    items[at] = value
  }

  /** Removes and returns the smallest; the heap must not be empty. */
  pop(): number {
    const items = this.#items
    const top = items[0]
    const value = items[--this.size]
    const size = this.size
    let at = 0
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && items[child + 1] < items[child]) child++
      if (items[child] >= value) break
      items[at] = items[child]
      at = child
    }
    items[at] = value
    return top
  }
}
