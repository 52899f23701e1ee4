/** Finds stop strings in text that comes in pieces. How the text is cut into pieces makes no difference to what is found. */

export interface StopMatch {
  /** Text that is certain not to belong to a stop string. */
  readonly text: string
  readonly stopped: boolean
}

export interface StopMatcher {
  push(text: string): StopMatch
  /** The text that was held back because a stop string could have begun in it. */
  flush(): string
}

/** The stop string that is complete first ends the text; of two that end together the longer one does. */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  const automata = stops.map((stop) => ({ stop, borders: bordersOf(stop), matched: 0 }))
  let held = ''

  // feeds one code unit; the length of the stop string that it completes, or 0
  const advance = (unit: string): number => {
    let completed = 0
    for (const automaton of automata) {
      automaton.matched = step(automaton.stop, automaton.borders, automaton.matched, unit)
      if (automaton.matched === automaton.stop.length) completed = Math.max(completed, automaton.matched)
    }
    return completed
  }

  return {
    push(text) {
      const all = held + text
      for (let at = held.length; at < all.length; at++) {
        const length = advance(all[at])
        if (length === 0) continue
        held = ''
        return { text: all.slice(0, at + 1 - length), stopped: true }
      }
      const keep = Math.max(0, ...automata.map(({ matched }) => matched))
      held = all.slice(all.length - keep)
      return { text: all.slice(0, all.length - keep), stopped: false }
    },
    flush() {
      const text = held
      held = ''
      return text
    },
  }
}

// Knuth, Morris and Pratt: for each length, the longest proper prefix that is also a suffix of the first `length` units
function bordersOf(stop: string): Int32Array {
  const borders = new Int32Array(stop.length + 1)
  for (let length = 2; length <= stop.length; length++) {
    borders[length] = step(stop, borders, borders[length - 1], stop[length - 1])
  }
  return borders
}

function step(stop: string, borders: Int32Array, matched: number, unit: string): number {
  let length = matched
  while (length > 0 && stop[length] !== unit) length = borders[length]
  return stop[length] === unit ? length + 1 : length
}
