import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryIo, run } from '@retnet/cli'
import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => vi.restoreAllMocks())

/** Runs an example and returns what it prints. */
async function printed(load: () => Promise<unknown>): Promise<string> {
  let text = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  vi.spyOn(console, 'log').mockImplementation((...values) => void (text += `${values.join(' ')}\n`))
  await load()
  return text
}

test('01: a model is loaded and streams text', async () => {
  const text = await printed(() => import('./01-generate.ts'))
  expect(text).toMatch(/^It was a dark and stormy night[\s\S]{60,}\n$/)
})

test('02: a restored session writes what the session writes', async () => {
  const text = await printed(() => import('./02-session-snapshot.ts'))
  expect(text).toMatch(/^13 tokens, 78\d{4} bytes\n/)
  expect(text).toContain('the restored session writes the same')
})

test('03: the three forms agree', async () => {
  const text = await printed(() => import('./03-three-forms.ts'))
  const differences = [...text.matchAll(/at most (\S+)/g)].map(([, number]) => Number(number))
  expect(differences).toHaveLength(2)
  for (const difference of differences) expect(difference).toBeLessThan(1e-4)
})

test('04: the gradient is the limit of difference quotients', async () => {
  const text = await printed(() => import('./04-gradient.ts'))
  const [, exact, quotient] = /gradient (\S+), difference quotient (\S+)/.exec(text)!
  expect(Math.abs(Number(exact))).toBeGreaterThan(0.01)
  expect(Math.abs(Number(exact) - Number(quotient))).toBeLessThan(0.01)
})

test('05: a decode stream gives the text back in whole characters', async () => {
  const text = await printed(() => import('./05-tokenizer.ts'))
  expect(text).toContain('the same text')
  expect(text).not.toContain('\ufffd')
  expect(text).toMatch(/\n1 \d+\n$/)
})

test('06: an exported model runs without these packages, and writes what it writes with them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'retnet-example-'))
  const target = join(folder, 'novels-onnx')
  expect(await run(['convert', '--to', 'onnx', '--out', target], memoryIo())).toBe(0)
  vi.spyOn(process, 'argv', 'get').mockReturnValue(['node', '06-plain-onnx.ts', target])
  const text = await printed(() => import('./06-plain-onnx.ts'))
  const io = memoryIo()
  expect(
    await run(['generate', '--temperature', '0', '-n', '40', '--ignore-eos', '--json', '--threads', '1'], io),
  ).toBe(0)
  expect(text.trimEnd()).toBe((JSON.parse(io.output.stdout) as { text: string }).text.trimEnd())
  rmSync(folder, { recursive: true })
})

test('07: a session on a server writes what its file writes here', async () => {
  const text = await printed(() => import('./07-sessions-over-http.ts'))
  expect(text).toMatch(/\n\d\d of \d\d tokens were there already:/)
  expect(text).toContain('the exported session writes the same')
})
