// The worker in a real browser: a page that starts it from the file beside its own, as a bundled application does.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium } from '../../../../tools/find-chromium.ts'
import { readText } from '../testing/files.js'
import { Tokenizer } from '../tokenizer.js'

const executablePath = findChromium()
const reason = executablePath === null ? ' (no chromium on the PATH)' : ''

describe.skipIf(executablePath === null)(`WorkerTokenizer in Chromium${reason}`, () => {
  const json = readText('models/novels-7m/tokenizer.json')
  let server: Server
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    server = await serve(await bundle())
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
    page = await browser.newPage()
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  /** Runs code of a page, in which `entry` is the module and `json` the file. */
  const run = (code: string): Promise<unknown> =>
    page.evaluate(`import('/worker.js').then(async (entry) => { const json = ${JSON.stringify(json)}; ${code} })`)

  test('encodes and decodes what the tokenizer does', async () => {
    const texts = ['The old house', 'naïve 日本 🤚🏾']
    const tokenizer = Tokenizer.fromJson(json)
    const got = await run(`
      const tokenizer = await entry.WorkerTokenizer.fromJson(json)
      const lists = await tokenizer.encodeBatch(${JSON.stringify(texts)})
      const decoded = await tokenizer.decodeBatch(lists)
      tokenizer.dispose()
      return { lists: lists.map((ids) => [...ids]), decoded }`)
    expect(got).toEqual({ lists: texts.map((text) => [...tokenizer.encode(text)]), decoded: texts })
  })

  test('fetches the parts that a file needs', async () => {
    const file = {
      version: '1.0',
      model: { type: 'WordLevel', unk_token: 'a', vocab: { a: 0, b: 1 } },
      pre_tokenizer: { type: 'Whitespace' },
    }
    const got = await run(
      `return [...await (await entry.WorkerTokenizer.fromJson(${JSON.stringify(file)})).encode('b a b')]`,
    )
    expect(got).toEqual([1, 0, 1])
  })

  test('trains on a file that the page has', async () => {
    const got = await run(`
      const blob = new Blob(['a rose is a rose is a rose\\n'])
      const { merges } = await entry.trainInWorker([blob], { vocabSize: 260 })
      return merges.length`)
    expect(got).toBeGreaterThan(0)
  })
})

/** Scripts by the path of their file. */
async function bundle(): Promise<Map<string, string>> {
  const source = (name: string): string => join(import.meta.dirname, `../${name}.ts`)
  const { outputFiles } = await build({
    entryPoints: [source('worker'), source('worker-thread')],
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    platform: 'browser',
    outdir: '/',
    external: ['node:*'],
    logLevel: 'silent',
  })
  return new Map(outputFiles.map(({ path, text }) => [path.replaceAll('\\', '/'), text]))
}

async function serve(scripts: ReadonlyMap<string, string>): Promise<Server> {
  const server = createServer(({ url = '/' }, response) => {
    const script = scripts.get(url)
    response.writeHead(script === undefined && url !== '/' ? 404 : 200, {
      'content-type': script === undefined ? 'text/html' : 'text/javascript',
    })
    response.end(script ?? '<!doctype html>')
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  return server
}
