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
    const [value] = this.take(1)
    return value === undefined ? { value, done: true } : { value, done: false }
  }

  /** True if `take` has something to give, or to throw. */
  get isReady(): boolean {
    return this.#items.length > 0 || this.#error !== undefined
  }

  /** What is here now, up to `count`. Throws the error of `end`, once, when nothing is left. */
  take(count = Infinity): T[] {
    if (this.#items.length === 0 && this.#error !== undefined) {
      const error = this.#error
      this.#error = undefined
      // oxlint-disable-next-line typescript/only-throw-error
      throw error
    }
    const wasFull = this.isFull
    const taken = this.#items.splice(0, count)
    if (wasFull && !this.isFull) this.#onRoom()
    return taken
  }

  /** True once `take` will never give anything again. */
  get isOver(): boolean {
    return this.#ended && !this.isReady
  }

  /** Calls back whenever there is something new, instead of waking `next`. */
  onNews(callback: () => void): void {
    this.#wake = callback
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
