/** A token bucket: it holds one minute's worth and fills evenly. */
const minute = 60_000

export class Bucket {
  readonly #perMinute: number
  #level: number
  #at: number

  constructor(perMinute: number, now: number) {
    this.#perMinute = perMinute
    this.#level = perMinute
    this.#at = now
  }

  /** Milliseconds until `amount` is there, or until the bucket is full if it never holds so much; 0 if it is there now. */
  waitMs(amount: number, now: number): number {
    if (amount === 0) return 0
    this.#fill(now)
    return (Math.max(0, Math.min(amount, this.#perMinute) - this.#level) / this.#perMinute) * minute
  }

  /** Negative amounts are given back. */
  take(amount: number, now: number): void {
    this.#fill(now)
    this.#level = Math.min(this.#perMinute, this.#level - amount)
  }

  resetMs(now: number): number {
    return this.waitMs(this.#perMinute, now)
  }

  level(now: number): { limit: number; remaining: number; resetMs: number } {
    const resetMs = this.resetMs(now)
    return { limit: this.#perMinute, remaining: Math.max(0, Math.floor(this.#level)), resetMs }
  }

  /** A clock that goes back fills nothing and takes nothing. */
  #fill(now: number): void {
    if (now <= this.#at) return
    this.#level = Math.min(this.#perMinute, this.#level + ((now - this.#at) / minute) * this.#perMinute)
    this.#at = now
  }
}
