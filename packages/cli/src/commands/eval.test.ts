import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { memoryIo } from '../memory-io.js'
import { run } from '../run.js'

const repository = resolve(import.meta.dirname, '../../../..')
const folder = mkdtempSync(join(tmpdir(), 'retnet-eval-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// what the model itself writes: text that is in the repository
const reference = JSON.parse(readFileSync(join(repository, 'models/novels-7m/reference.json'), 'utf8')) as {
  greedy: { prompt: string; text: string }[]
}
const text = join(folder, 'text.txt')
writeFileSync(text, `${reference.greedy.map((each) => each.prompt + each.text).join('\n')}<|endoftext|>`)

async function evaluate(...args: string[]) {
  const io = memoryIo()
  expect(await run(['eval', '--text', text, '--json', '--threads', '1', ...args], io), io.output.stderr).toBe(0)
  return JSON.parse(io.output.stdout) as { loss: number; byPosition: Record<string, number> } & Record<string, number>
}

describe('retnet eval', () => {
  // computed with --backend reference
  test('gives the loss of the float64 interpreter, with fresh and with carried states', async () => {
    const fresh = await evaluate('--window', '63', '--windows', '2')
    expect(fresh.loss).toBeCloseTo(2.35701035, 5)
    expect(fresh.bitsPerByte).toBeCloseTo(0.91267413, 5)
    expect(fresh).toMatchObject({ tokens: 124, windows: 2, perplexity: Math.exp(fresh.loss) })
    const carried = await evaluate('--window', '63', '--windows', '2', '--stateful')
    expect(carried.loss).toBeCloseTo(2.7519855, 5)
    expect(carried.tokens).toBe(125)
  })

  test('gives one loss for the whole text, however the windows cut it when the state is carried', async () => {
    const whole = await evaluate('--window', '1000', '--stateful')
    const parts = await evaluate('--window', '100', '--stateful', '--by-position')
    expect(parts.tokens).toBe(whole.tokens)
    expect(parts.loss).toBeCloseTo(whole.loss, 5)
    expect(parts.bitsPerByte).toBeCloseTo(whole.bitsPerByte, 5)
    expect(Object.keys(parts.byPosition)).toEqual(['0-64', '64-100'])
  })

  test('loses little in 8 bits, a little more in 4, and says what it measured', async () => {
    const [exact, q8, q4] = await Promise.all(['f32', 'q8', 'q4'].map((dtype) => evaluate('--dtype', dtype)))
    expect(Math.abs(q8.loss - exact.loss)).toBeLessThan(0.005)
    expect(Math.abs(q4.loss - exact.loss)).toBeLessThan(0.08)
    expect(q4).toMatchObject({ dtype: 'q4', model: expect.stringMatching(/novels-7m$/) as string })
    expect(q4.weightBytes / exact.weightBytes).toBeLessThan(0.18)
    expect(q4.weightBytes).toBeLessThan(q8.weightBytes)
  })

  const novels = join(repository, '../shared/data/novels/valid.txt')
  test.skipIf(!existsSync(novels))('reproduces the reference evaluation (needs ../shared/data/novels)', async () => {
    const io = memoryIo()
    const args = ['eval', '--text', novels, '--window', '4096', '--windows', '1', '--by-position', '--json']
    expect(await run(args, io)).toBe(0)
    expect(JSON.parse(io.output.stdout)).toMatchObject({ tokens: 4095, windows: 1 })
    expect(JSON.parse(io.output.stdout).loss).toBeGreaterThan(3.2)
  })
})

describe('retnet eval refuses', () => {
  test.each([
    ['an empty text', Buffer.from(''), 'the text is empty'],
    ['text in another encoding', Buffer.from('caf\xe9!', 'latin1'), 'byte 3 does not belong'],
  ])('%s', async (_, bytes, message) => {
    const file = join(folder, 'bad.txt')
    writeFileSync(file, bytes)
    const io = memoryIo()
    expect(await run(['eval', '--text', file, '--json', '--threads', '1'], io)).toBe(1)
    expect(io.output).toMatchObject({ stdout: '', stderr: expect.stringContaining(message) as string })
  })
})
