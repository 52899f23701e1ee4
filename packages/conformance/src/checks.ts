/** Everything a backend must pass, as lists of checks that need no test framework: a test file declares them, a page runs them. */
import type { Backend, WeightEncoding } from '@retnet/core'
import type { OpCase } from './case.js'
import { cases } from './cases/cases.js'
import { batchRules } from './contract/batch-rules.js'
import { rowRules } from './contract/row-rules.js'
import { contractRules } from './contract/rules.js'
import {
  checkDecode,
  checkEmbedding,
  checkForms,
  checkGradients,
  checkMasked,
  checkText,
  forms,
  lengths,
} from './models/checks.js'
import type { FixtureModel, FormOptions } from './models/fixture-model.js'
import type { Fixture } from './models/fixtures.js'
import { requireWithin } from './run/difference.js'
import { differentiate, hasGradient } from './run/differentiate.js'
import { evaluate } from './run/evaluate.js'

export const suites = ['evaluates', 'differentiates', 'keeps the contract'] as const

export interface BackendCheck {
  readonly suite: (typeof suites)[number]
  /** Id of a case, `gradient of` one, or a rule of the contract. */
  readonly id: string
  /** Encodings of weights that the backend must hold, or the check does not concern it: see `missingEncoding`. */
  readonly encodings: readonly WeightEncoding[]
  /** Throws an error that says what differs. `tolerance` replaces that of the case. */
  readonly run: (backend: Backend, tolerance?: number) => Promise<void>
}

export const backendChecks: readonly BackendCheck[] = [
  ...cases.map((opCase): BackendCheck => ({
    suite: 'evaluates',
    id: opCase.id,
    encodings: Object.values(opCase.encodings ?? {}),
    run: async (backend, tolerance) => requireWithin(await evaluate(backend, within(opCase, tolerance))),
  })),
  ...cases.filter(hasGradient).map((opCase): BackendCheck => ({
    suite: 'differentiates',
    id: gradientId(opCase),
    encodings: Object.values(opCase.encodings ?? {}),
    run: async (backend, tolerance) => requireWithin(await differentiate(backend, within(opCase, tolerance))),
  })),
  ...[...contractRules, ...rowRules, ...batchRules].map(({ name, hold }): BackendCheck => ({
    suite: 'keeps the contract',
    id: name,
    encodings: [],
    run: (backend) => hold(backend),
  })),
]

/** Why a check does not concern a backend: it needs an encoding that `limits.encodings` does not list. Null when it does. */
export function missingEncoding({ encodings }: BackendCheck, backend: Backend): string | null {
  const missing = encodings.find((encoding) => !backend.limits.encodings.includes(encoding))
  return missing ? `${backend.name} does not list ${missing} in limits.encodings` : null
}

export interface ModelCheck {
  readonly name: string
  readonly run: (model: FixtureModel) => Promise<void>
}

export interface ModelCheckOptions {
  /** Forms of retention to force. Default: all of them. */
  readonly forms?: readonly FormOptions[]
  /** Lengths at which the forms are compared with one another. */
  readonly lengths?: readonly number[]
}

/** What a backend must reproduce of one reference model. */
export function modelChecks(fixture: Fixture, options: ModelCheckOptions = {}): readonly ModelCheck[] {
  const checks: ModelCheck[] = []
  const add = (name: string, run: (model: FixtureModel) => ReturnType<typeof checkText>) =>
    checks.push({ name, run: async (model) => requireWithin(await run(model)) })
  for (const form of options.forms ?? forms) {
    const label = `${form.form}${form.chunk ? ` by ${form.chunk}` : ''}`
    add(`${label}: logits and states`, (model) => checkText(fixture, model, form))
    if (fixture.masked) add(`${label}: left padding`, (model) => checkMasked(fixture, model, form))
  }
  if (fixture.decode) add('eight more tokens, one by one', (model) => checkDecode(fixture, model))
  if (fixture.gradients) add('loss and gradients', (model) => checkGradients(fixture, model, {}))
  add('pooled hidden states', checkEmbedding)
  for (const length of options.lengths ?? lengths) {
    add(`the forms agree at length ${length}`, (model) => checkForms(model, length))
  }
  return checks
}

export function gradientId({ id }: { readonly id: string }): string {
  return `gradient of ${id}`
}

function within(opCase: OpCase, tolerance: number | undefined): OpCase {
  return tolerance === undefined ? opCase : { ...opCase, tolerance }
}
