/** Binds the table to vitest: one test a case. A backend's own package calls this from a test file. */
import type { Backend } from '@retnet/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OpCase } from './case.js'
import { cases } from './cases/cases.js'
import { contractRules } from './contract/rules.js'
import { checkDecode, checkForms, checkGradients, checkMasked, checkText, forms, lengths } from './models/checks.js'
import { FixtureModel, type FormOptions } from './models/fixture-model.js'
import type { LoadedFixture } from './models/fixture.js'
import { fixtures } from './models/fixtures.js'
import { type Difference, isWithin, showDifference } from './run/difference.js'
import { differentiate, hasGradient } from './run/differentiate.js'
import { evaluate } from './run/evaluate.js'
import { type Exception, exceptionsById } from './exception.js'

export interface TestBackendOptions {
  /** Names exact ids of cases (`matmul: ...`), of gradients (`gradient of matmul: ...`) or of rules of the contract. */
  readonly skip?: readonly Exception[]
  /** Replaces the tolerance of cases that the backend computes less exactly on purpose. */
  readonly tolerance?: readonly (Exception & { readonly value: number })[]
}

/** Declares a test for every case, its gradient and every rule of the contract. `makeBackend` is called once for each of the three. */
export function testBackend(makeBackend: () => Backend | Promise<Backend>, options: TestBackendOptions = {}): void {
  const differentiable = cases.filter(hasGradient)
  const all = [
    ...cases.map(({ id }) => id),
    ...differentiable.map(gradientId),
    ...contractRules.map(({ name }) => name),
  ]
  const skips = exceptionsById(options.skip ?? [], all)
  const tolerances = exceptionsById(options.tolerance ?? [], all)
  const declare = (id: string, run: () => Promise<void>) => {
    const reason = skips.get(id)?.reason
    if (reason) test.skip(`${id} (${reason})`, run)
    else test(id, run)
  }
  const adjusted = (opCase: OpCase, id: string): OpCase => {
    const tolerance = tolerances.get(id)?.value
    return tolerance === undefined ? opCase : { ...opCase, tolerance }
  }

  describe('evaluates', () => {
    const backend = shared(makeBackend)
    for (const opCase of cases) {
      declare(opCase.id, async () => expectWithin(await evaluate(backend(), adjusted(opCase, opCase.id))))
    }
  })
  describe('differentiates', () => {
    const backend = shared(makeBackend)
    for (const opCase of differentiable) {
      const id = gradientId(opCase)
      declare(id, async () => expectWithin(await differentiate(backend(), adjusted(opCase, id))))
    }
  })
  describe('keeps the contract', () => {
    const backend = shared(makeBackend)
    for (const { name, hold } of contractRules) declare(name, () => hold(backend()))
  })
}

export interface TestModelsOptions {
  /** Forms of retention to force. Default: all of them. */
  readonly forms?: readonly FormOptions[]
  /** Lengths at which the forms are compared with one another. */
  readonly lengths?: readonly number[]
}

/** Declares the tests of every reference model. `load` reads one by its folder's name in `fixtures/`. */
export function testModels(
  makeBackend: () => Backend | Promise<Backend>,
  load: (folder: string) => Promise<LoadedFixture>,
  options: TestModelsOptions = {},
): void {
  const backend = shared(makeBackend)
  describe.each(fixtures.map((fixture) => [fixture.folder, fixture] as const))('%s', (folder, fixture) => {
    let model: FixtureModel
    beforeAll(async () => {
      model = await FixtureModel.upload(await load(folder), backend())
    })
    afterAll(() => model?.dispose())
    for (const form of options.forms ?? forms) {
      const label = `${form.form}${form.chunk ? ` by ${form.chunk}` : ''}`
      test(`${label}: logits and states`, async () => expectWithin(await checkText(fixture, model, form)))
      if (fixture.masked)
        test(`${label}: left padding`, async () => expectWithin(await checkMasked(fixture, model, form)))
    }
    if (fixture.decode)
      test('eight more tokens, one by one', async () => expectWithin(await checkDecode(fixture, model)))
    if (fixture.gradients)
      test('loss and gradients', async () => expectWithin(await checkGradients(fixture, model, {})))
    test.each(options.lengths ?? lengths)('the forms agree at length %i', async (length) =>
      expectWithin(await checkForms(model, length)),
    )
  })
}

function gradientId({ id }: { readonly id: string }): string {
  return `gradient of ${id}`
}

function shared(makeBackend: () => Backend | Promise<Backend>): () => Backend {
  let backend: Backend | undefined
  beforeAll(async () => {
    backend = await makeBackend()
  })
  afterAll(() => backend?.dispose())
  return () => backend!
}

export function expectWithin(differences: readonly Difference[]): void {
  expect(differences.length, 'nothing was compared').toBeGreaterThan(0)
  const wrong = differences.filter((difference) => !isWithin(difference)).map(showDifference)
  expect(wrong, wrong.join('\n')).toEqual([])
}
