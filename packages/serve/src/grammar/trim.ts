/** Takes out of an automaton what leads to no end, and refuses rules that begin with themselves. */
import type { Automaton, AutomatonState } from './automaton.js'
import { SchemaError } from './schema-error.js'

/** Every state that is left can reach the end of its rule. Throws SchemaError. */
export function trim({ states, start }: Automaton): Automaton {
  requireNoLoop(states)
  const ends = findEnding(states)
  if (!ends[start]) throw new SchemaError('', 'no text that ends is allowed')
  const kept = states.map((state) => ({
    bytes: state.bytes.filter(({ to }) => ends[to]),
    jumps: state.jumps.filter((to) => ends[to]),
    calls: state.calls.filter(({ rule, to }) => ends[rule] && ends[to]),
    isEnd: state.isEnd,
  }))
  return { states: kept, start }
}

/** Which states can reach the end of their rule: backwards from the ends. */
function findEnding(states: readonly AutomatonState[]): Uint8Array {
  const sources = sourcesOf(states)
  const ends = Uint8Array.from(states, ({ isEnd }) => (isEnd ? 1 : 0))
  const waiting = states.flatMap(({ isEnd }, at) => (isEnd ? [at] : []))
  for (let reached = waiting.pop(); reached !== undefined; reached = waiting.pop()) {
    for (const at of sources[reached]) {
      const { bytes, jumps, calls } = states[at]
      if (ends[at]) continue
      const reaches = bytes.some(({ to }) => ends[to]) || jumps.some((to) => ends[to])
      if (!reaches && !calls.some(({ rule, to }) => ends[rule] && ends[to])) continue
      ends[at] = 1
      waiting.push(at)
    }
  }
  return ends
}

/** For each state those that look at it. */
function sourcesOf(states: readonly AutomatonState[]): number[][] {
  const sources = states.map((): number[] => [])
  for (const [at, { bytes, jumps, calls }] of states.entries()) {
    for (const { to } of bytes) sources[to].push(at)
    for (const to of jumps) sources[to].push(at)
    for (const { rule, to } of calls) {
      sources[rule].push(at)
      sources[to].push(at)
    }
  }
  return sources
}

/** A rule has at least one byte, so the rules that can come first in a rule are those that it calls before one. */
function requireNoLoop(states: readonly AutomatonState[]): void {
  const rules = new Set(states.flatMap(({ calls }) => calls.map(({ rule }) => rule)))
  const first = new Map([...rules].map((rule) => [rule, firstRules(states, rule)]))
  const callers = new Map<number, number>([...rules].map((rule) => [rule, 0]))
  for (const called of first.values()) for (const rule of called) callers.set(rule, callers.get(rule)! + 1)
  const free = [...rules].filter((rule) => callers.get(rule) === 0)
  let count = 0
  for (let rule = free.pop(); rule !== undefined; rule = free.pop()) {
    count++
    for (const called of first.get(rule)!) {
      const left = callers.get(called)! - 1
      callers.set(called, left)
      if (left === 0) free.push(called)
    }
  }
  if (count < rules.size) throw new SchemaError('', 'a $ref leads back to itself')
}

function firstRules(states: readonly AutomatonState[], rule: number): Set<number> {
  const found = new Set<number>()
  const seen = new Set([rule])
  for (const at of seen) {
    for (const { rule: called } of states[at].calls) found.add(called)
    for (const to of states[at].jumps) seen.add(to)
  }
  return found
}
