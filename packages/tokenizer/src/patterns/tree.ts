/** A regular expression as a tree. Characters are code points. */
import type { CharacterTest } from '../pre-tokenizers/character-set.js'

export type Tree =
  /** One character. */
  | { readonly kind: 'set'; readonly test: CharacterTest }
  | { readonly kind: 'sequence'; readonly items: readonly Tree[] }
  /** The first of them that lets the rest match. */
  | { readonly kind: 'choice'; readonly options: readonly Tree[] }
  | Repeat
  /** As it first matches, and never otherwise. */
  | { readonly kind: 'atomic'; readonly item: Tree }
  /** Text ahead or behind that must match, or must not, and is not taken. */
  | { readonly kind: 'look'; readonly item: Tree; readonly behind: boolean; readonly wanted: boolean }
  /** A place. */
  | { readonly kind: 'place'; readonly holds: PlaceTest }

export interface Repeat {
  readonly kind: 'repeat'
  readonly item: Tree
  readonly least: number
  /** Infinity for no limit. */
  readonly most: number
  readonly mode: 'greedy' | 'lazy' | 'possessive'
}

/** Whether `at` is such a place in `text[start .. end]`. */
export type PlaceTest = (text: string, at: number, start: number, end: number) => boolean

/** How many characters a tree takes, where that is always the same; else undefined. */
export function widthOf(tree: Tree): number | undefined {
  if (tree.kind === 'set') return 1
  if (tree.kind === 'look' || tree.kind === 'place') return 0
  if (tree.kind === 'sequence') return tree.items.reduce<number | undefined>((sum, item) => plus(sum, widthOf(item)), 0)
  if (tree.kind === 'choice') {
    const widths = new Set(tree.options.map(widthOf))
    return widths.size === 1 ? [...widths][0] : undefined
  }
  const width = widthOf(tree.item)
  if (tree.kind === 'atomic' || width === undefined) return width
  return tree.least === tree.most ? width * tree.least : undefined
}

const plus = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a + b
