// The same checks in a real browser: they run inside a headless Chromium, each becomes a test here.
import { type ModelCheckOptions, backendChecks, fixtures, modelChecks, suites } from '@retnet/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium } from '../../../tools/find-chromium.ts'
import { type OpenPage, openPage } from './testing/browser/open-page.js'
import type { Verdicts } from './testing/browser/page.js'

const executable = findChromium()
const modelOptions: ModelCheckOptions = { forms: [{ form: 'recurrent' }, { form: 'parallel' }], lengths: [] }

if (executable === null) test.skip('everything in a browser (no chromium on the PATH)', () => {})
else {
  describe('in Chromium', () => {
    let page: OpenPage
    let backend: Verdicts
    let models: Verdicts
    beforeAll(async () => {
      page = await openPage(executable)
      backend = await page.call('runBackendChecks')
      models = await page.call('runModelChecks', modelOptions)
    }, 600_000)
    afterAll(() => page?.close())

    for (const suite of suites) {
      describe(suite, () => {
        const checks = backendChecks.filter((check) => check.suite === suite)
        test.for(checks.map(({ id }) => [id]))('%s', ([id], { skip }) => {
          if (backend[id]?.startsWith('skipped: ')) skip(backend[id])
          expect(backend[id]).toBe(null)
        })
      })
    }
    describe('reference models', () => {
      const names = fixtures.flatMap((fixture) =>
        modelChecks(fixture, modelOptions).map(({ name }) => `${fixture.folder}: ${name}`),
      )
      test.each(names.map((name) => [name]))('%s', (name) => expect(models[name]).toBe(null))
    })
    test('the adapter is the software one', async () => {
      expect(await page.call('describeAdapter')).toMatch(/swiftshader/i)
    })
    test('a lost device is a DeviceLostError, and a session goes on from its snapshot', async () => {
      const { error, ids, expected } = await page.call('loseDevice')
      expect(error).toMatch(/^DeviceLostError: the GPU device was lost/)
      expect(ids).toEqual(expected)
    })
    test('the page goes on while a model is compiled: no pipeline is made synchronously', async () => {
      const { pipelines, synchronous, ticks, told } = await page.call('compileAndTick')
      expect({ synchronous, told, compiled: pipelines > 10, ticked: ticks > 0 }).toEqual({
        synchronous: 0,
        told: true,
        compiled: true,
        ticked: true,
      })
    })
  })
}
