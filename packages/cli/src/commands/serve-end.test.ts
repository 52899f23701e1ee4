// A signal ends the server in order, whatever its backend is doing; the next one ends it at once; a device that is lost ends nothing.
import { type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type TestContext, afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { bin, startServer } from '../testing.js'

// the software GPU that comes with Chromium, unless the machine names another one
const driver = '/usr/lib/chromium/vk_swiftshader_icd.json'
if (existsSync(driver)) process.env.VK_DRIVER_FILES ??= driver
process.env.XDG_RUNTIME_DIR ??= tmpdir()

const model = resolve(import.meta.dirname, '../../../../models/novels-7m')
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** Skips the test where the backend is not to be had. */
async function start(context: TestContext, backend: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const options = ['--model', model, '--backend', backend, '--rows', '2', ...args]
  const started = await startServer(options, env).catch((error: Error) => {
    if (backend === 'webgpu' && /adapter/i.test(error.message)) context.skip('no adapter')
    throw error
  })
  children.push(started.child)
  return started
}

async function stream(url: string, maxTokens: number) {
  const body = { prompt: 'The old house', max_tokens: maxTokens, ignore_eos: true, stream: true, seed: 3 }
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/v1/completions`, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(response.status).toBe(200)
  return response.body!.pipeThrough(new TextDecoderStream()).getReader()
}

async function rest(reader: ReadableStreamDefaultReader<string>): Promise<string> {
  let told = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) told += part.value
  return told
}

/** In the midst of a long text. */
async function writing(context: TestContext, backend: string, ...args: string[]) {
  const { url, child } = await start(context, backend, args)
  const reader = await stream(url, 4000)
  for (let chunks = 0; chunks < 3; chunks++) await reader.read()
  return { child, reader, end: new Promise((ended) => child.once('exit', (code, signal) => ended(code ?? signal))) }
}

describe.skipIf(!existsSync(bin)).each(['cpu', 'onnx', 'webgpu'])('on %s', (backend) => {
  test('a text that cannot end in time is told so, and the process ends with 0', async (context) => {
    const server = await writing(context, backend, '--grace', '0')
    server.child.kill('SIGTERM')
    expect(await rest(server.reader)).toMatch(/"code":"shutting_down".*\n\ndata: \[DONE\]\n\n$/)
    expect(await server.end).toBe(0)
  })

  test('a second signal ends it as if nobody had listened', async (context) => {
    const server = await writing(context, backend)
    server.child.kill('SIGINT')
    await server.reader.read()
    server.child.kill('SIGINT')
    expect(await server.end).toBe('SIGINT')
    await server.reader.cancel().catch(() => {})
  })
})

/** Destroys the first device of an engine's thread once there is a file of this name. */
function losing(file: string): string {
  const webgpu = createRequire(resolve(import.meta.dirname, '../../../webgpu/package.json')).resolve('webgpu')
  return `
    import { existsSync, rmSync } from 'node:fs'
    import { isMainThread } from 'node:worker_threads'
    import { globals } from ${JSON.stringify(pathToFileURL(webgpu).href)}
    const { prototype } = globals.GPUAdapter
    const { requestDevice } = prototype
    if (!isMainThread) prototype.requestDevice = async function (...args) {
      const device = await requestDevice.apply(this, args)
      setInterval(() => {
        if (!existsSync(${JSON.stringify(file)})) return
        rmSync(${JSON.stringify(file)})
        device.destroy()
      }, 20).unref()
      return device
    }`
}

test.skipIf(!existsSync(bin))(
  'a GPU that is lost in the midst of a text is replaced, and its reader sees the same text',
  async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'retnet-lost-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const [file, preload] = [join(folder, 'lose'), join(folder, 'preload.mjs')]
    writeFileSync(preload, losing(file))
    const { url, child } = await start(context, 'webgpu', [], {
      NODE_OPTIONS: `--import=${pathToFileURL(preload).href}`,
    })
    let said = ''
    child.stderr!.on('data', (part: Buffer) => (said += part.toString()))
    const textOf = (told: string) => told.match(/"text":"(?:[^"\\\\]|\\\\.)*"/g)!.join('')
    const reader = await stream(url, 20)
    const begin = (await reader.read()).value! + (await reader.read()).value!
    writeFileSync(file, '')
    const whole = textOf(begin + (await rest(reader)))
    expect(said).toContain('the GPU device was lost')
    expect(textOf(await rest(await stream(url, 20)))).toBe(whole)
  },
)
