/** Parts of an automaton, as regular expressions have them. */
import type { Part } from './automaton.js'
import { utf8Sequences } from './utf8-sequences.js'

const encoder = new TextEncoder()

export const nothing: Part = (_, from) => from

export function text(value: string): Part {
  const bytes = encoder.encode(value)
  return (builder, from) => bytes.reduce((at, byte) => builder.byte(at, byte, byte), from)
}

interface Branch {
  readonly state: number
  readonly next: Map<number, Branch>
}

/** One of these texts, which share the states of what they have in common: however many there are, one place is held at a time. */
export function oneText(values: readonly string[]): Part {
  return (builder, from) => {
    const end = builder.state()
    const root: Branch = { state: from, next: new Map() }
    for (const value of values) {
      let at = root
      for (const byte of encoder.encode(value)) {
        const next = at.next.get(byte) ?? { state: builder.byte(at.state, byte, byte), next: new Map<number, Branch>() }
        at.next.set(byte, next)
        at = next
      }
      builder.jump(at.state, end)
    }
    return end
  }
}

export type CodePoints = readonly (readonly [low: number, high: number])[]

/** One character of these ranges, in UTF-8. */
export function character(ranges: CodePoints): Part {
  return (builder, from) => {
    const end = builder.state()
    for (const steps of ranges.flatMap(([low, high]) => utf8Sequences(low, high))) {
      let at = from
      for (const [place, [low, high]] of steps.entries()) {
        at = builder.byte(at, low, high, place === steps.length - 1 ? end : undefined)
      }
    }
    return end
  }
}

export function sequence(...parts: readonly Part[]): Part {
  return (builder, from) => parts.reduce((at, part) => part(builder, at), from)
}

export function either(...parts: readonly Part[]): Part {
  if (parts.length === 1) return parts[0]
  return (builder, from) => {
    const end = builder.state()
    for (const part of parts) {
      const start = builder.state()
      builder.jump(from, start)
      builder.jump(part(builder, start), end)
    }
    return end
  }
}

export function optional(part: Part): Part {
  return repeat(part, 0, 1)
}

/** `part` from `least` to `most` times; Infinity has no limit. */
export function repeat(part: Part, least: number, most: number): Part {
  return (builder, from) => {
    let at = from
    for (let count = 0; count < least; count++) {
      builder.spend()
      at = part(builder, at)
    }
    if (most === Infinity) {
      const loop = builder.state()
      builder.jump(at, loop)
      builder.jump(part(builder, loop), loop)
      at = loop
    }
    const end = builder.state()
    const optionals = most === Infinity ? 0 : most - least
    for (let count = 0; count < optionals; count++) {
      builder.jump(at, end)
      at = part(builder, at)
    }
    builder.jump(at, end)
    return end
  }
}

export function rule(key: unknown, make: () => Part): Part {
  return (builder, from) => builder.call(from, key, make)
}
