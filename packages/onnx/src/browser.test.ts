// The same checks in a real browser: they run inside a headless Chromium on onnxruntime-web, each becomes a test here.
import { type ModelCheckOptions, backendChecks, fixtures, modelChecks, suites } from '@retnet/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium } from '../../../tools/find-chromium.ts'
import { skipped } from './testing/exceptions.js'
import { type OpenPage, openPage } from './testing/browser/open-page.js'
import type { Verdicts } from './testing/browser/page.js'

const executable = findChromium()
const modelOptions: ModelCheckOptions = { forms: [{ form: 'recurrent' }, { form: 'parallel' }], lengths: [] }
const folders = fixtures.map(({ folder }) => folder)

if (executable === null) test.skip('everything in a browser (no chromium on the PATH)', () => {})
else {
  describe('onnxruntime-web in Chromium', () => {
    const checks = backendChecks.filter(({ id }) => !skipped.has(id))
    let page: OpenPage
    let backend: Verdicts
    let models: Verdicts
    beforeAll(async () => {
      page = await openPage(executable)
      backend = await page.call(
        'runBackendChecks',
        'wasm',
        checks.map(({ id }) => id),
      )
      models = await page.call('runModelChecks', 'wasm', modelOptions, folders)
    }, 600_000)
    afterAll(() => page?.close())

    for (const suite of suites) {
      describe(suite, () => {
        const own = checks.filter((check) => check.suite === suite)
        test.each(own.map(({ id }) => [id]))('%s', (id) => expect(backend[id]).toBe(null))
      })
    }
    describe('reference models', () => {
      const names = fixtures.flatMap((fixture) =>
        modelChecks(fixture, modelOptions).map(({ name }) => `${fixture.folder}: ${name}`),
      )
      test.each(names.map((name) => [name]))('%s', (name) => expect(models[name]).toBe(null))
    })
    test('says which provider it uses', async () => {
      expect(await page.call('describeBackend', 'wasm')).toBe('wasm provider, microsoft operators')
    })
  })

  describe('the WebGPU provider in Chromium, on a software GPU', () => {
    // the rest needs the sine of a real GPU, or minutes
    const checks = backendChecks.filter(({ id, suite }) => suite === 'keeps the contract' && !id.includes('batch'))
    let page: OpenPage
    let backend: Verdicts
    beforeAll(async () => {
      page = await openPage(executable)
      expect(await page.call('describeBackend', 'webgpu')).toBe('webgpu provider, microsoft operators')
      backend = await page.call(
        'runBackendChecks',
        'webgpu',
        checks.map(({ id }) => id),
      )
    }, 600_000)
    afterAll(() => page?.close())
    test.each(checks.map(({ id }) => [id]))('%s', (id) => expect(backend[id]).toBe(null))
  })
}
