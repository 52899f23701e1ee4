/**
 * The names of keys. What stands in braces decides where a key is in a cluster: all of a scope are together, and all of a queue.
 * A scope is written in percent code, for it may have braces of its own.
 */
export class Keys {
  readonly #prefix: string
  readonly #queue: string

  constructor(prefix: string, queue: string) {
    this.#prefix = prefix
    this.#queue = `${prefix}:queue:{${encodeURIComponent(queue)}}`
  }

  lease(scope: string): string {
    return `${this.#prefix}:lease:${tag(scope)}`
  }

  epoch(scope: string): string {
    return `${this.#prefix}:epoch:${tag(scope)}`
  }

  log(scope: string, turn: string): string {
    return `${this.#prefix}:log:${tag(scope)}:${encodeURIComponent(turn)}`
  }

  entries(scope: string, turn: string): string {
    return `${this.#prefix}:tok:${tag(scope)}:${encodeURIComponent(turn)}`
  }

  queue(part: string): string {
    return `${this.#queue}:${part}`
  }

  /** Where it is published that a log has grown. */
  grown(scope: string): string {
    return `${this.#prefix}:grown:${tag(scope)}`
  }

  /** Where it is published that there is work. */
  get work(): string {
    return `${this.#queue}:news`
  }

  /** Where the turns are published that nobody wants any more. */
  get cancelled(): string {
    return `${this.#prefix}:cancelled`
  }
}

function tag(scope: string): string {
  return `{s:${encodeURIComponent(scope)}}`
}
