import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openFile, openSafetensors } from '@retnet/formats'
import { afterAll, describe, expect, test } from 'vitest'
import { memoryIo } from '../memory-io.js'
import { run } from '../run.js'

const fixtures = resolve(import.meta.dirname, '../../../../fixtures')
const folder = mkdtempSync(join(tmpdir(), 'retnet-logits-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function tensor(file: string, name: string): Promise<Float32Array> {
  using opened = await openSafetensors(await openFile(file))
  return await opened.readFloat32(name)
}

let count = 0
async function logits(fixture: string, ...options: string[]): Promise<Float32Array> {
  const out = join(folder, `${count++}.safetensors`)
  const tokens = join(fixtures, fixture, 'expected.safetensors')
  const io = memoryIo()
  const args = ['logits', '--model', join(fixtures, fixture), '--tokens', tokens, '--out', out, '--threads', '1']
  expect(await run([...args, ...options], io), io.output.stderr).toBe(0)
  return tensor(out, 'logits')
}

function largestDifference(
  actual: Float32Array,
  expected: Float32Array,
  counts: (element: number) => boolean = () => true,
): number {
  expect(actual.length).toBe(expected.length)
  return actual.reduce((most, value, i) => (counts(i) ? Math.max(most, Math.abs(value - expected[i])) : most), 0)
}

const expectedOf = (fixture: string, name: string) => tensor(join(fixtures, fixture, 'expected.safetensors'), name)

describe.each([
  ['fla-base', ['chunk', 'parallel', 'fused_recurrent']],
  ['fla-mqa', ['chunk', 'fused_recurrent']],
])('retnet logits: %s', (fixture, theirs) => {
  const forms = { chunk: 'chunkwise', parallel: 'parallel', fused_recurrent: 'recurrent' } as Record<string, string>

  test.each(theirs)('gives logits.%s to 5e-5', async (name) => {
    const actual = await logits(fixture, '--range', '0:150', '--form', forms[name])
    expect(largestDifference(actual, await expectedOf(fixture, `logits.${name}`))).toBeLessThanOrEqual(5e-5)
  })

  test('continues the state that another process wrote, as logits.decode8 does', async () => {
    const state = join(folder, `${fixture}.safetensors`)
    await logits(fixture, '--range', '0:150', '--state-out', state)
    const actual = await logits(fixture, '--range', '150:', '--state-in', state)
    expect(largestDifference(actual, await expectedOf(fixture, 'logits.decode8'))).toBeLessThanOrEqual(5e-5)
  })
})

const torch = ['torchscale-base', 'torchscale-options', 'torchscale-deepnorm', 'syncdoth-glu', 'syncdoth-ffn-lmdecay']
test.each(torch)('retnet logits: %s agrees in recurrent form to 1e-4 and in parallel form to 2e-3', async (fixture) => {
  const recurrent = await logits(fixture, '--form', 'recurrent')
  expect(largestDifference(recurrent, await expectedOf(fixture, 'logits.recurrent'))).toBeLessThanOrEqual(1e-4)
  const parallel = await logits(fixture, '--form', 'parallel')
  expect(largestDifference(parallel, await expectedOf(fixture, 'logits.parallel'))).toBeLessThanOrEqual(2e-3)
  const chunkwise = await logits(fixture, '--form', 'chunkwise', '--chunk', '7')
  expect(largestDifference(chunkwise, parallel)).toBeLessThanOrEqual(1e-4)
})

test.each(torch.slice(3))('retnet logits: %s with a mask agrees where it is 1', async (fixture) => {
  const file = join(fixtures, fixture, 'expected.safetensors')
  using opened = await openSafetensors(await openFile(file))
  const mask = await opened.readInt32('attention_mask')
  const expected = await opened.readFloat32('logits.masked_parallel')
  const actual = await logits(fixture, '--mask', 'attention_mask')
  const width = expected.length / mask.length
  const counts = (i: number) => mask[Math.floor(i / width)] === 1
  expect(largestDifference(actual, expected, counts)).toBeLessThanOrEqual(2e-3)
})

describe('retnet logits refuses', () => {
  const file = join(fixtures, 'fla-base/expected.safetensors')
  const base = ['logits', '--model', join(fixtures, 'fla-base'), '--threads', '1']
  test.each([
    ['a tensor that is not there', ['--tokens', file, '--tensor', 'token'], 1, /"token".*closest name is "tokens"/],
    ['a tensor of floats', ['--tokens', file, '--tensor', 'loss'], 1, /"loss".*expected I32, I64, got F32/],
    ['a range outside', ['--tokens', file, '--range', '10:400'], 1, /within 0:158, got 10:400/],
    ['a state of other rows', ['--tokens', file, '--state-in', file], 1, /position/],
    [
      'a snapshot of several rows',
      ['--tokens', file, '--state-out', join(folder, 'x.state')],
      1,
      /holds one row, the tokens have 2/,
    ],
    ['a chunk without its form', ['--tokens', file, '--chunk', '7'], 2, /--chunk: the form is auto/],
    ['a form that does not exist', ['--tokens', file, '--form', 'diagonal'], 2, /parallel, recurrent, chunkwise/],
    [
      'tokens that the vocabulary does not have',
      ['--tokens', file, '--model', join(fixtures, 'fla-mqa')],
      1,
      /token \d+/,
    ],
  ] as const)('%s, and writes nothing', async (_, options, code, message) => {
    const out = join(folder, 'refused.safetensors')
    const io = memoryIo()
    const actual = await run([...base, ...options, '--out', out], io)
    expect(io.output.stderr).toMatch(message)
    expect(actual).toBe(code)
    expect(io.output.stderr).not.toMatch(/^\s+at /m)
    expect(existsSync(out)).toBe(false)
  })
})
