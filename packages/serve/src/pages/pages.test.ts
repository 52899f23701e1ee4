// The pages of the server in a real browser, as somebody who types into them sees them.
import { generate } from '@retnet/generate'
import { type Browser, type Page, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium } from '../../../../tools/find-chromium.ts'
import { Engine } from '../engine/engine.js'
import { type RunningServer, serve } from '../server.js'
import { codec, served, testModel } from '../testing.js'

const executablePath = findChromium()
const reason = executablePath === null ? ' (no chromium on the PATH)' : ''
const prompt = 'once upon a time'
const key = 'a-key-of-some-length'
const phone = { width: 360, height: 640 }

describe.skipIf(executablePath === null)(`the pages in Chromium${reason}`, () => {
  let engines: Engine[]
  let open: RunningServer
  let locked: RunningServer
  let browser: Browser
  let page: Page
  /** What the console says that is no good, and where the page asks. */
  let complaints: string[]
  let hosts: Set<string>

  beforeAll(async () => {
    const model = await testModel()
    engines = await Promise.all([1, 2].map(() => Engine.create(model, { rows: 2 })))
    open = await serve({ engine: engines[0], model: served, port: 0 })
    locked = await serve({ engine: engines[1], model: served, port: 0, apiKeys: [key] })
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await Promise.all([open?.close(0), locked?.close(0)])
    for (const engine of engines ?? []) engine.dispose()
  })

  async function visit(url: string): Promise<void> {
    await page?.context().close()
    page = await (await browser.newContext({ viewport: phone })).newPage()
    complaints = []
    hosts = new Set()
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => hosts.add(new URL(request.url()).host))
    await page.goto(url)
  }

  const textOf = (selector: string) => page.locator(selector).innerText()
  const isTooWide = () => page.evaluate('document.documentElement.scrollWidth > innerWidth')
  const texts = () => engines[0].status.running + engines[0].status.waiting
  const isBusy = () => page.locator('#text').getAttribute('aria-busy')

  test('a text is the one of the model, to its last character', async () => {
    await visit(open.url)
    await expect.poll(() => textOf('#model')).toBe('tiny')
    await page.fill('#prompt', prompt)
    await page.fill('#tokens', '30')
    await page.fill('#temperature', '0')
    await page.click('#write')
    await expect.poll(() => textOf('#status')).toMatch(/^30 tokens.* Done\.$/)
    const { text } = await generate(engines[0].model, prompt, { codec, maxTokens: 30, temperature: 0 }).result
    expect(await page.locator('#text').textContent()).toBe(prompt + text)
    expect([await isTooWide(), complaints, [...hosts]]).toEqual([false, [], [new URL(open.url).host]])
  })

  test('a long text is seen as it comes, and ends here and on the server when it is stopped', async () => {
    await visit(open.url)
    await page.fill('#prompt', prompt)
    await page.fill('#tokens', '65536')
    await page.press('#prompt', 'Control+Enter')
    const length = () => page.evaluate<number>('document.querySelector("#text").textContent.length')
    await expect.poll(length).toBeGreaterThan(prompt.length + 20)
    const before = await length()
    await expect.poll(length).toBeGreaterThan(before)
    expect([await isBusy(), texts()]).toEqual(['true', 1])
    await page.click('#stop')
    await expect.poll(() => textOf('#status')).toMatch(/^\d+ tokens.* Stopped\.$/)
    await expect.poll(texts).toBe(0)
    expect([await isBusy(), await page.locator('#error').isVisible(), complaints]).toEqual(['false', false, []])
    // it is ready for the next one
    expect(await page.locator('#write').isEnabled()).toBe(true)
  })

  test('without a key and with a wrong one it says what is the matter; with the right one it writes', async () => {
    await visit(locked.url)
    await page.click('#write')
    await expect.poll(() => textOf('#error')).toMatch(/key/i)
    await page.fill('#key', 'wrong')
    await page.click('#write')
    await expect.poll(() => textOf('#error')).toMatch(/key/i)
    await page.fill('#key', key)
    await page.fill('#tokens', '3')
    await page.click('#write')
    await expect.poll(() => textOf('#status')).toMatch(/^3 tokens.* Done\.$/)
    expect([await page.locator('#error').isVisible(), await textOf('#model')]).toEqual([false, 'tiny'])
    // the browser itself tells of every answer that is an error
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([])
  })

  test('/docs has every route of /openapi.json', async () => {
    const { paths } = (await (await fetch(`${open.url}/openapi.json`)).json()) as { paths: Record<string, object> }
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()}${path}`),
    )
    await visit(`${open.url}/docs`)
    const ids = () => page.locator('#routes section').evaluateAll((all) => all.map(({ id }) => id))
    await expect.poll(ids).toEqual(routes)
    expect(await page.locator('#contents a').allInnerTexts()).toEqual(
      routes.map((route) => expect.stringMatching(route.replace(/^[A-Z]+/, ''))),
    )
    expect([await isTooWide(), complaints, [...hosts]]).toEqual([false, [], [new URL(open.url).host]])
    await visit(`${locked.url}/docs`)
    await expect.poll(() => textOf('#error')).toMatch(/key/i)
    await page.fill('#key', key)
    await page.press('#key', 'Enter')
    await expect.poll(ids).toEqual(routes)
  })
})
