/**
 * A regular expression of a schema as a part of an automaton, which no text can make slow. What looks ahead, behind or back to a group is
 * no regular language, and is refused.
 */
import type { AST } from '@eslint-community/regexpp'
import type { Part } from './automaton.js'
import { escapedCharacter } from './json-parts.js'
import { type CodePoints, either, repeat, rule, sequence } from './parts.js'
import { SchemaError } from './schema-error.js'

const maxLength = 4096
const all: CodePoints = [[0, 0x10ffff]]
const lineEnds: CodePoints = [
  [0xa, 0xa],
  [0xd, 0xd],
  [0x2028, 0x2029],
]
const sets: Readonly<Record<string, CodePoints>> = {
  digit: [[0x30, 0x39]],
  word: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x61, 0x7a],
  ],
  space: [
    [0x9, 0xd],
    [0x20, 0x20],
    [0xa0, 0xa0],
    [0x1680, 0x1680],
    [0x2000, 0x200a],
    [0x2028, 0x2029],
    [0x202f, 0x202f],
    [0x205f, 0x205f],
    [0x3000, 0x3000],
    [0xfeff, 0xfeff],
  ],
}
const anything: Part = repeat(
  rule('any character', () => escapedCharacter(all)),
  0,
  Infinity,
)

export type RegExpReader = (source: string) => AST.Pattern

/** The parser is loaded by the first schema that needs it. */
export async function loadRegExpReader(): Promise<RegExpReader> {
  const { RegExpParser } = await import('@eslint-community/regexpp')
  const parser = new RegExpParser({ ecmaVersion: 2024 })
  return (source) => parser.parsePattern(source, 0, source.length, { unicode: true })
}

/** The texts in which the pattern is found, as they stand in a JSON string. */
export function pattern(source: string, path: string, read: RegExpReader): Part {
  if (source.length > maxLength) throw new SchemaError(path, `expected a pattern of up to ${maxLength} characters`)
  const { alternatives } = parse(source, path, read)
  return either(...alternatives.map((alternative) => unanchored(alternative, path)))
}

function parse(source: string, path: string, read: RegExpReader): AST.Pattern {
  try {
    return read(source)
  } catch {
    throw new SchemaError(path, 'this is no regular expression')
  }
}

/** A pattern is found anywhere, but for `^` and `$`. */
function unanchored({ elements }: AST.Alternative, path: string): Part {
  const starts = isAssertion(elements[0], 'start')
  const ends = elements.length > (starts ? 1 : 0) && isAssertion(elements.at(-1), 'end')
  const inner = elements.slice(starts ? 1 : 0, ends ? -1 : undefined).map((element) => partOf(element, path))
  return sequence(...(starts ? [] : [anything]), ...inner, ...(ends ? [] : [anything]))
}

function isAssertion(element: AST.Element | undefined, kind: 'start' | 'end'): boolean {
  return element?.type === 'Assertion' && element.kind === kind
}

function partOf(element: AST.Element, path: string): Part {
  switch (element.type) {
    case 'Character':
      return escapedCharacter(codePoints(element, path))
    case 'CharacterSet':
    case 'CharacterClass':
      return oneOf(codePoints(element, path))
    case 'Group':
    case 'CapturingGroup':
      return either(
        ...element.alternatives.map(({ elements }) => sequence(...elements.map((one) => partOf(one, path)))),
      )
    case 'Quantifier':
      return repeat(partOf(element.element, path), element.min, element.max)
    default:
      throw unsupported(element, path)
  }
}

function codePoints(node: AST.Element | AST.CharacterClassElement, path: string): CodePoints {
  if (node.type === 'Character') return [[node.value, node.value]]
  if (node.type === 'CharacterClassRange') return [[node.min.value, node.max.value]]
  if (node.type === 'CharacterClass') {
    const own = node.elements.flatMap((one) => codePoints(one, path))
    return node.negate ? without(own) : own
  }
  if (node.type === 'CharacterSet' && node.kind === 'any') return without(lineEnds)
  if (node.type === 'CharacterSet' && node.kind !== 'property') {
    return node.negate ? without(sets[node.kind]) : sets[node.kind]
  }
  throw unsupported(node, path)
}

function unsupported({ raw }: AST.Node, path: string): SchemaError {
  return new SchemaError(path, `the pattern has ${JSON.stringify(raw.slice(0, 40))}, which is not supported`)
}

/** However often a class is repeated, its states are there once. */
function oneOf(ranges: CodePoints): Part {
  return rule(`[${ranges.join(' ')}]`, () => escapedCharacter(ranges))
}

/** All characters but these. */
function without(ranges: CodePoints): CodePoints {
  const left: [number, number][] = []
  let from = 0
  for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (low > from) left.push([from, low - 1])
    from = Math.max(from, high + 1)
  }
  return from <= 0x10ffff ? [...left, [from, 0x10ffff]] : left
}
