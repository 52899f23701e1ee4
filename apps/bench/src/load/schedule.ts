/** When requests arrive and what they ask for: all of it from a seed, so that runs can be compared. */

export interface Arrival {
  /** Milliseconds from the beginning. */
  readonly at: number
  readonly promptTokens: number
  readonly maxTokens: number
  readonly seed: number
}

export interface ScheduleOptions {
  /** Requests a second, on average. Arrivals are a Poisson process. */
  readonly rate: number
  readonly seconds: number
  readonly seed: number
  /** Least and most tokens of a prompt; uniform between. */
  readonly prompt: readonly [number, number]
  /** Least and most tokens to write. */
  readonly output: readonly [number, number]
}

export function schedule({ rate, seconds, seed, prompt, output }: ScheduleOptions): Arrival[] {
  const random = randomFrom(seed)
  const between = ([least, most]: readonly [number, number]) => least + Math.floor(random() * (most - least + 1))
  const arrivals: Arrival[] = []
  for (let at = gap(random, rate); at < seconds * 1000; at += gap(random, rate)) {
    arrivals.push({ at, promptTokens: between(prompt), maxTokens: between(output), seed: arrivals.length })
  }
  return arrivals
}

/** Milliseconds to the next event of a Poisson process. */
function gap(random: () => number, rate: number): number {
  return (-Math.log(1 - random()) / rate) * 1000
}

/** Numbers from 0 to 1: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Ids of any text: they vary, and none is special. */
export function someIds(length: number, seed: number): number[] {
  return Array.from({ length }, (_, at) => 100 + ((at * 7919 + seed * 104_729) % 3900))
}
