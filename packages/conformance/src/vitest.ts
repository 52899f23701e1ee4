/** Binds the checks to vitest: one test each. A backend's own package calls this from a test file. */
import type { Backend } from '@retnet/core'
import { type TestContext, afterAll, beforeAll, describe, test } from 'vitest'
import {
  type BackendCheck,
  type ModelCheckOptions,
  backendChecks,
  missingEncoding,
  modelChecks,
  suites,
} from './checks.js'
import { FixtureModel } from './models/fixture-model.js'
import type { LoadedFixture } from './models/fixture.js'
import { fixtures } from './models/fixtures.js'
import { type Exception, exceptionsById } from './exception.js'

export interface TestBackendOptions {
  /** Names exact ids of cases (`matmul: ...`), of gradients (`gradient of matmul: ...`) or of rules of the contract. */
  readonly skip?: readonly Exception[]
  /** Replaces the tolerance of cases that the backend computes less exactly on purpose. */
  readonly tolerance?: readonly (Exception & { readonly value: number })[]
  /** Ids to declare, where the rest would repeat what another call of the same file has tested. Default: all. */
  readonly only?: ReadonlySet<string>
}

/** Declares a test for every case, its gradient and every rule of the contract. `makeBackend` is called once for each of the three. */
export function testBackend(makeBackend: () => Backend | Promise<Backend>, options: TestBackendOptions = {}): void {
  const all = backendChecks.map(({ id }) => id)
  const skips = exceptionsById(options.skip ?? [], all)
  const tolerances = exceptionsById(options.tolerance ?? [], all)
  const declared = backendChecks.filter(({ id }) => options.only?.has(id) ?? true)
  for (const suite of suites) {
    const checks = declared.filter((check) => check.suite === suite)
    if (checks.length === 0) continue
    describe(suite, () => {
      const backend = shared(makeBackend)
      for (const check of checks) declare(check, backend, skips.get(check.id)?.reason, tolerances.get(check.id)?.value)
    })
  }
}

function declare(check: BackendCheck, backend: () => Backend, reason?: string, tolerance?: number): void {
  const { id, run } = check
  const hold = ({ skip }: TestContext) => {
    const missing = missingEncoding(check, backend())
    if (missing) skip(missing)
    return run(backend(), tolerance)
  }
  if (reason) test.skip(`${id} (${reason})`, hold)
  else test(id, hold)
}

export type TestModelsOptions = ModelCheckOptions

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
    for (const { name, run } of modelChecks(fixture, options)) test(name, () => run(model))
  })
}

function shared(makeBackend: () => Backend | Promise<Backend>): () => Backend {
  let backend: Backend | undefined
  beforeAll(async () => {
    backend = await makeBackend()
  })
  afterAll(() => backend?.dispose())
  return () => backend!
}
