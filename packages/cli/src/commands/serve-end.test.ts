// A signal ends the server in order, whatever its backend is doing; the next one ends it at once.
import { type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { type TestContext, afterEach, describe, expect, test } from 'vitest'
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

/** A server in the midst of a long text, whose stream it is. Skips the test where the backend is not to be had. */
async function writing(context: TestContext, backend: string, ...args: string[]) {
  const options = ['--model', model, '--backend', backend, '--rows', '2', ...args]
  const started = await startServer(...options).catch((error: Error) => {
    if (backend === 'webgpu' && /adapter/i.test(error.message)) context.skip('no adapter')
    throw error
  })
  children.push(started.child)
  const body = JSON.stringify({ prompt: 'The old house', max_tokens: 4000, ignore_eos: true, stream: true })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${started.url}/v1/completions`, { method: 'POST', headers, body })
  expect(response.status).toBe(200)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  for (let chunks = 0; chunks < 3; chunks++) await reader.read()
  const end = new Promise((ended) => started.child.once('exit', (code, signal) => ended(code ?? signal)))
  return { child: started.child, reader, end }
}

describe.skipIf(!existsSync(bin)).each(['cpu', 'onnx', 'webgpu'])('on %s', (backend) => {
  test('a text that cannot end in time is told so, and the process ends with 0', async (context) => {
    const server = await writing(context, backend, '--grace', '0')
    server.child.kill('SIGTERM')
    let told = ''
    for (let part = await server.reader.read(); !part.done; part = await server.reader.read()) told += part.value
    expect(told).toMatch(/"code":"shutting_down".*\n\ndata: \[DONE\]\n\n$/)
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
