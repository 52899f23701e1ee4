/** What a case of the table is. Plain data and one function that traces a small graph; it knows no backend and no test framework. */
import type { GraphBuilder, OpName, RetentionForm, Value, WeightEncoding } from '@retnet/core'
import type { MakeValues } from './values/make.js'

export interface CaseBody {
  /** Unique among the cases of its op. */
  readonly name: string
  /** Traces the graph; the returned record names the outputs. Inputs, parameters and states are declared by the builder. */
  readonly build: (g: GraphBuilder) => Readonly<Record<string, Value>>
  /** Numbers of inputs, parameters and states by name. Default: uniform in [-1, 1). */
  readonly values?: Readonly<Record<string, MakeValues>>
  /** Encoding of each parameter. Default: f32. */
  readonly encodings?: Readonly<Record<string, WeightEncoding>>
  /** Force one form of retention. */
  readonly form?: RetentionForm
  readonly chunk?: number
  /** Largest difference, as a share of the largest magnitude in the expected tensor. Default: `defaultTolerance`. */
  readonly tolerance?: number
  /**
   * Inputs, parameters and states to differentiate by. Default: every f32 one. An empty list: the case has no gradient, because
   * nothing in it is differentiable or because another case has the same gradient.
   */
  readonly by?: readonly string[]
}

export interface OpCase extends CaseBody {
  /** The op under test, or `graph` for what concerns whole graphs: states, aliases, several ops together. */
  readonly op: OpName | 'graph'
  /** `op: name`; what a skip names. */
  readonly id: string
}

/** Every op of a group has its cases: a missing one does not compile. */
export type CasesOf<Ops extends OpName | 'graph'> = { readonly [Op in Ops]: readonly CaseBody[] }

/** float32 arithmetic in any order of summation over some hundred terms. */
export const defaultTolerance = 5e-6
/** Gradient graphs are several ops deep. */
export const defaultGradientTolerance = 5e-5
