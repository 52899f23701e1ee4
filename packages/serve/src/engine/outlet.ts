/** What has been produced and its one reader has not taken yet. It never blocks the writer: who writes looks at `isFull` first. */
export class Outlet<T> implements AsyncIterableIterator<T> {
  readonly #items: T[] = []
  readonly #capacity: number
  readonly #onRoom: () => void
  #ended = false
  #error: unknown
  #wake: (() => void) | null = null

  /** `onRoom` is called when the reader has made room in a full outlet. */
  constructor(capacity: number, onRoom: () => void) {
    this.#capacity = capacity
    this.#onRoom = onRoom
  }

  get isFull(): boolean {
    return this.#items.length >= this.#capacity
  }

  push(item: T): void {
    if (this.#ended) return
    this.#items.push(item)
    this.#wake?.()
  }

  /** Nothing more will come; the reader gets what is here, and then the error if there is one. */
  end(error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    this.#wake?.()
  }

  async next(): Promise<IteratorResult<T>> {
    while (this.#items.length === 0 && !this.#ended) await this.#change()
    const wasFull = this.isFull
    if (this.#items.length > 0) {
      const value = this.#items.shift() as T
      if (wasFull && !this.isFull) this.#onRoom()
      return { value, done: false }
    }
    const error = this.#error
    this.#error = undefined
    // oxlint-disable-next-line typescript/only-throw-error
    if (error !== undefined) throw error
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null
        resolve()
      }
    })
  }
}
