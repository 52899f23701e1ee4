/** Work of one backend, one after another in the order of the calls. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /** Runs `task` when everything before it has ended, well or not. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.#waiting++
    const result = this.#last.then(task).finally(() => this.#waiting--)
    this.#last = result.catch(() => {})
    return result
  }

  /** The same for work that does not wait: at once if nothing is before it. It must not throw. */
  post(task: () => void): void {
    if (this.#waiting === 0) task()
    else void this.run(async () => task())
  }
}
