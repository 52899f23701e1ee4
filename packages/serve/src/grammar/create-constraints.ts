/** How an engine makes the constraints of its texts from what requests say. */
import type { TextTools } from '../engine/text-engine.js'
import type { Json } from '../stores/contract.js'
import { Grammars } from './grammars.js'
import { type TokenCodec, vocabularyOf } from './vocabulary-of.js'

/** What a text must be, as it travels to the engine: JSON that is valid by this schema. */
export interface GrammarOrder {
  readonly [name: string]: Json
  readonly schema: Json
}

/** For `textEngine`. The vocabulary is read when the first text asks for it. */
export function createConstraints(codec: TokenCodec, vocabSize: number): NonNullable<TextTools['createConstraint']> {
  return constraintsOf(new Grammars(() => vocabularyOf(codec, vocabSize)))
}

export function constraintsOf(grammars: Grammars): NonNullable<TextTools['createConstraint']> {
  return async (order, stopIds) => (await grammars.get((order as unknown as GrammarOrder).schema)).constrain(stopIds)
}
