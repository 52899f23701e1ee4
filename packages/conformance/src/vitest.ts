/** Binds the table to vitest: one test a case. A backend's own package calls this from a test file. */
import type { Backend } from '@retnet/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OpCase } from './case.js'
import { cases } from './cases/cases.js'
import { contractRules } from './contract/rules.js'
import { type Difference, isWithin, showDifference } from './run/difference.js'
import { differentiate, hasGradient } from './run/differentiate.js'
import { evaluate } from './run/evaluate.js'
import { type Skip, skipReasons } from './skip.js'

export interface TestBackendOptions {
  /** Names exact ids of cases (`matmul: ...`), of gradients (`gradient of matmul: ...`) or of rules of the contract. */
  readonly skip?: readonly Skip[]
  /** Replaces the tolerance of cases, by id. */
  readonly tolerance?: Readonly<Record<string, number>>
}

/** Declares a test for every case, its gradient and every rule of the contract. `makeBackend` is called once for each of the three. */
export function testBackend(makeBackend: () => Backend | Promise<Backend>, options: TestBackendOptions = {}): void {
  const differentiable = cases.filter(hasGradient)
  const all = [
    ...cases.map(({ id }) => id),
    ...differentiable.map(gradientId),
    ...contractRules.map(({ name }) => name),
  ]
  const skips = skipReasons(options.skip ?? [], all)
  const unknown = Object.keys(options.tolerance ?? {}).find((id) => !all.includes(id))
  if (unknown) throw new Error(`tolerance: there is no case ${JSON.stringify(unknown)}.`)
  const declare = (id: string, run: () => Promise<void>) => {
    const reason = skips.get(id)
    if (reason) test.skip(`${id} (${reason})`, run)
    else test(id, run)
  }
  const adjusted = (opCase: OpCase, id: string): OpCase => {
    const tolerance = options.tolerance?.[id]
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
