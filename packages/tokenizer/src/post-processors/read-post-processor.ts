/** Reads what a `post_processor` puts around texts, and whether it trims spaces off offsets. */
import type { StepReaders } from '../catalog.js'
import { wrong } from '../reading/fields.js'
import { readSteps, readWith } from '../reading/steps.js'
import { textA, type Template } from './template.js'

export interface PostProcessor {
  readonly single: Template
  /** Undefined where the file says nothing on pairs. */
  readonly pair: Template | undefined
  /** Whether spaces at the ends of tokens are left out of offsets, and whether one of them was put before the text. */
  readonly trim: { readonly prefixed: boolean } | undefined
}

/** Puts nothing around a text. */
const nothing: PostProcessor = {
  single: [textA],
  pair: [textA, { ...textA, sequence: 1, typeId: 1 }],
  trim: undefined,
}

export function readPostProcessor(value: unknown, readers: StepReaders<PostProcessor>, size: number): PostProcessor {
  // Each step surrounds what the steps before it made.
  const result = readSteps(value, 'post_processor', 'processors')
    .map((step) => readWith(readers, step))
    .reduce(surround, nothing)
  for (const id of [...result.single, ...(result.pair ?? [])].flatMap(({ ids }) => ids ?? [])) {
    if (id >= size) throw wrong('post_processor', `ids below ${size}, the number of tokens`, id)
  }
  return result
}

function surround(inner: PostProcessor, outer: PostProcessor): PostProcessor {
  const single = outer.single.flatMap((piece) => (piece.ids ? piece : inner.single))
  const trim = outer.trim ?? inner.trim
  if (inner.single.length === 1) return { ...outer, single: outer.single, trim }
  // Two templates in one another: what pairs become is not said.
  return { single, pair: outer.single.length === 1 ? inner.pair : undefined, trim }
}
