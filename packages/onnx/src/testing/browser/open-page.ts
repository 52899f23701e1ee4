/** A headless Chromium on a page that holds the bundled `page.ts`, and the files of onnxruntime-web beside it. */
import { readFile } from 'node:fs/promises'
import { type Server, createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join, normalize } from 'node:path'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import type { Page } from './page.js'

const root = join(import.meta.dirname, '../../../../..')
const runtime = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'))

// a software GPU, for the provider that wants one
const flags = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--enable-unsafe-swiftshader',
  '--use-webgpu-adapter=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
]

export interface OpenPage {
  /** Calls a function of `page.ts` in the page; arguments and the result travel as JSON. */
  call<Name extends keyof Page>(name: Name, ...parameters: Parameters<Page[Name]>): ReturnType<Page[Name]>
  close(): Promise<void>
}

export async function openPage(executablePath: string): Promise<OpenPage> {
  const server = await serve(await bundlePage())
  const browser = await chromium.launch({ executablePath, args: flags })
  const close = async () => {
    await browser.close()
    server.close()
  }
  try {
    const tab = await browser.newPage()
    tab.setDefaultTimeout(600_000)
    await tab.goto(`http://localhost:${(server.address() as AddressInfo).port}/`)
    await tab.waitForFunction('globalThis.page !== undefined')
    const call: OpenPage['call'] = (name, ...parameters) =>
      tab.evaluate(`page.${name}(...${JSON.stringify(parameters)})`) as ReturnType<Page[typeof name]>
    return { call, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'page.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    platform: 'browser',
    conditions: ['@retnet/source'],
    external: ['node:*', '@huggingface/hub'],
    logLevel: 'silent',
  })
  return outputFiles[0].text
}

const types: Readonly<Record<string, string>> = { mjs: 'text/javascript', wasm: 'application/wasm' }

/** The page, its script, the reference models, and what onnxruntime-web loads by itself. */
async function serve(script: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    const send = (type: string, body: string | Buffer) => response.writeHead(200, { 'content-type': type }).end(body)
    const missing = () => response.writeHead(404).end()
    const file = (name: string) =>
      readFile(name).then((body) => send(types[name.split('.').at(-1)!] ?? 'application/octet-stream', body), missing)
    if (path === '/') send('text/html', '<!doctype html><script type="module" src="/page.js"></script>')
    else if (path === '/page.js') send('text/javascript', script)
    else if (path.startsWith('/fixtures/')) void file(join(root, path))
    else if (path.startsWith('/runtime/')) void file(join(runtime, path.slice('/runtime/'.length)))
    else missing()
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  return server
}
