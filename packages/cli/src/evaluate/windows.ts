/** How a text is cut for evaluation: windows of tokens, and which next token each position is to predict. */

export interface Window {
  /** [window]; what lies beyond the text is masked. */
  readonly tokens: Int32Array
  readonly mask: Int32Array
  /** The next token, or -1 where none is counted. */
  readonly targets: Int32Array
  /** Index of the first token in the text. */
  readonly start: number
}

export interface WindowOptions {
  /** Tokens of a window. */
  readonly size: number
  /** At most so many windows, from the start; undefined: all. */
  readonly count: number | undefined
  /** The last position of a window predicts the first token of the next one, whose state continues. */
  readonly stateful: boolean
}

/** Windows without overlap from the start; the last one may be shorter, as long as it has something to predict. */
export function countWindows(tokens: number, { size, count }: WindowOptions): number {
  const all = Math.ceil((tokens - 1) / size)
  return Math.min(all, count ?? all)
}

export function* windowsOf(tokens: ArrayLike<number>, options: WindowOptions): Generator<Window> {
  const { size, stateful } = options
  const windows = countWindows(tokens.length, options)
  const end = Math.min(tokens.length, windows * size)
  for (let index = 0; index < windows; index++) {
    const start = index * size
    const last = stateful ? end : Math.min(start + size, end)
    const at = (place: number, limit: number, none: number) => (place < limit ? tokens[place] : none)
    yield {
      start,
      tokens: Int32Array.from({ length: size }, (_, t) => at(start + t, end, 0)),
      mask: Int32Array.from({ length: size }, (_, t) => (start + t < end ? 1 : 0)),
      targets: Int32Array.from({ length: size }, (_, t) => at(start + t + 1, last, -1)),
    }
  }
}
