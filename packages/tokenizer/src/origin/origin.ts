/** Where the code units of a changed text came from in the text the caller gave. Kept only when somebody asks for offsets. */

export interface Origin {
  /** By code unit: start and end of what it came from. */
  readonly starts: Uint32Array // [units]
  readonly ends: Uint32Array // [units]
  /** The origin of the text `from .. to` after `edits`, whose places count from `from`. Insertions belong to the character on their left. */
  edit(from: number, to: number, edits: Edits): Origin
}

/** What a step changed, in order: `[start, end, units now]` for every stretch that is not as it was. */
export type Edits = number[] // [edits, 3]

/** The origin of a text that is not changed. A surrogate pair is one character. */
export function identityOrigin(text: string): Origin {
  const starts = new Uint32Array(text.length)
  const ends = new Uint32Array(text.length)
  for (let i = 0; i < text.length;) {
    const end = i + (text.codePointAt(i)! > 0xffff ? 2 : 1)
    for (const start = i; i < end; i++) {
      starts[i] = start
      ends[i] = end
    }
  }
  return createOrigin(starts, ends)
}

function createOrigin(starts: Uint32Array, ends: Uint32Array): Origin {
  const origin: Origin = { starts, ends, edit: (from, to, edits) => editOrigin(origin, from, to, edits) }
  return origin
}

function editOrigin(origin: Origin, from: number, to: number, edits: Edits): Origin {
  let length = to - from
  for (let i = 0; i < edits.length; i += 3) length += edits[i + 2] - (edits[i + 1] - edits[i])
  const starts = new Uint32Array(length)
  const ends = new Uint32Array(length)
  let read = from
  let written = 0
  const keep = (stop: number): void => {
    starts.set(origin.starts.subarray(read, stop), written)
    ends.set(origin.ends.subarray(read, stop), written)
    written += stop - read
    read = stop
  }
  for (let i = 0; i < edits.length; i += 3) {
    keep(from + edits[i])
    const stop = from + edits[i + 1]
    const inserted = stop === read
    // At the very start there is only the character on the right.
    const first = inserted ? Math.max(from, read - 1) : read
    const last = inserted ? first : stop - 1
    starts.fill(origin.starts[first] ?? 0, written, written + edits[i + 2])
    ends.fill(origin.ends[last] ?? 0, written, written + edits[i + 2])
    written += edits[i + 2]
    read = stop
  }
  keep(to)
  return createOrigin(starts, ends)
}

/** `text.replace` that notes what it changed. The pattern is global and has no groups. */
export function replaceIn(text: string, pattern: RegExp, replace: (match: string) => string, edits?: Edits): string {
  if (!edits) return text.replace(pattern, replace)
  return text.replace(pattern, (match: string, at: number) => {
    const made = replace(match)
    if (made !== match) edits.push(at, at + match.length, made.length)
    return made
  })
}
