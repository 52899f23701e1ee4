import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { memoryIo, type MemoryIoOptions } from '../memory-io.js'
import { run } from '../run.js'

interface Reference {
  readonly greedy: readonly {
    readonly prompt: string
    readonly prompt_ids: readonly number[]
    readonly greedy_ids: readonly number[]
    readonly text: string
    readonly min_margin: number
  }[]
}

const model = resolve(import.meta.dirname, '../../../../models/novels-7m')
const reference = JSON.parse(readFileSync(join(model, 'reference.json'), 'utf8')) as Reference
const folder = mkdtempSync(join(tmpdir(), 'retnet-generate-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function command(args: readonly string[], options: MemoryIoOptions = {}) {
  const io = memoryIo(options)
  const code = await run(args, io)
  return { code, ...io.output }
}

async function json(...args: string[]) {
  const { code, stdout, stderr } = await command(['generate', '--threads', '1', '--json', ...args])
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as Record<string, unknown> & { ids: number[]; text: string }
}

describe('retnet generate', () => {
  test.each(reference.greedy.filter(({ min_margin }) => min_margin > 1e-3))(
    'continues $prompt as the reference does, id for id',
    async ({ prompt, prompt_ids, greedy_ids, text }) => {
      const result = await json('--prompt', prompt, '--temperature', '0', '--max-tokens', '64')
      expect(result).toMatchObject({ ids: greedy_ids, text, promptTokens: prompt_ids.length, finishReason: 'length' })
      expect(result).toMatchObject({ completionTokens: 64, stateBytes: 786_436 })
      expect(result.ttftMs).toBeGreaterThan(0)
      expect(result.tokensPerSecond).toBeGreaterThan(0)
    },
  )

  test('streams the same text that --json gives, and one line about it on stderr', async () => {
    const args = ['--prompt', 'The old house', '-n', '12', '--seed', '7', '--threads', '1']
    const { text } = await json(...args)
    const { code, stdout, stderr } = await command(['generate', ...args])
    expect(code).toBe(0)
    expect(stdout).toBe(`${text}\n`)
    expect((await command(['generate', '--echo', ...args])).stdout).toBe(`The old house${text}\n`)
    expect(stderr).toMatch(/^12 tokens, \S+ tokens\/s, state 786 kB constant, cpu \(WASM .*1 thread\)\n$/)
  })

  test('goes on from a snapshot as if it had never stopped, on another backend too', async () => {
    const file = join(folder, 'house.state')
    const whole = await json('--prompt', 'The old house', '-n', '10', '--seed', '5')
    const first = await json('--prompt', 'The old house', '-n', '6', '--seed', '5', '--snapshot-out', file)
    const rest = await json('--snapshot-in', file, '-n', '4', '--seed', '5')
    expect([...first.ids, ...rest.ids]).toEqual(whole.ids)
    const { stdout } = await command([
      'generate',
      '--json',
      '--backend',
      'reference',
      '--snapshot-in',
      file,
      '-n',
      '4',
      '--seed',
      '5',
    ])
    expect(JSON.parse(stdout)).toMatchObject({ ids: rest.ids, promptTokens: 4 + 6 })
  })

  test('begins without a prompt, and reads special tokens of a prompt as plain text', async () => {
    expect(await json('-n', '2')).toMatchObject({ promptTokens: 1, completionTokens: 2 })
    expect((await json('--prompt', '<|endoftext|>', '-n', '0')).promptTokens).toBeGreaterThan(5)
  })

  test('takes sampling options over the defaults of the model', async () => {
    const result = await json(
      '--prompt',
      'He',
      '-n',
      '3',
      '--temperature',
      '0',
      '--logit-bias',
      '42=100',
      '--logprobs',
      '2',
    )
    expect(result.ids).toEqual([42, 42, 42])
    expect(result.logprobs).toMatchObject([{ id: 42, top: [{}, {}] }, {}, {}])
    const stopped = await json('--prompt', 'He', '--logit-bias', '42=100', '--stop-id', '42')
    expect(stopped).toMatchObject({ ids: [42], text: '', finishReason: 'stop' })
    const cut = await json('--prompt', reference.greedy[1].prompt, '--temperature', '0', '--stop', 'going')
    expect(cut).toMatchObject({ text: ' "I am not ', finishReason: 'stop' })
  })

  test('reads the prompt from stdin, at most so many tokens of it', async () => {
    const args = ['generate', '--prompt', '-', '-n', '1', '--json', '--threads', '1']
    expect(JSON.parse((await command(args, { stdin: 'The old house' })).stdout)).toMatchObject({ promptTokens: 4 })
    const long = await command(args, { stdin: 'a'.repeat(10_000_000) })
    expect(long).toMatchObject({ code: 1, stdout: '' })
    expect(long.stderr).toContain('expected at most 1,000,000 tokens, got 10,000,000')
    const surrogate = await command(args, { stdin: Uint8Array.of(0x61, 0xed, 0xa0, 0x80) })
    expect(surrogate).toMatchObject({ code: 1, stdout: '' })
    expect(surrogate.stderr).toContain('stdin: expected UTF-8')
  })

  test('ends with 130 when it is interrupted, and leaves no snapshot', async () => {
    const controller = new AbortController()
    const file = join(folder, 'interrupted.state')
    const io = memoryIo({ signal: controller.signal })
    const stdout = {
      write: () => {
        controller.abort()
        return true
      },
      once: () => {},
    }
    const args = ['generate', '--prompt', 'The', '-n', '100000', '--threads', '1', '--snapshot-out', file]
    expect(await run(args, { ...io, stdout })).toBe(130)
    expect(() => readFileSync(file)).toThrow('ENOENT')
    expect(io.output.stderr).toBe('')
  })
})

describe('retnet generate refuses snapshots', () => {
  const file = join(folder, 'good.state')
  const broken = join(folder, 'broken.state')
  const read = async (bytes: Uint8Array, ...args: string[]) => {
    writeFileSync(broken, bytes)
    return command(['generate', '--snapshot-in', broken, '-n', '1', '--threads', '1', ...args])
  }

  test('that are cut, changed, of another model, or none at all', async () => {
    await json('--prompt', 'The old house', '-n', '1', '--snapshot-out', file)
    const good = new Uint8Array(readFileSync(file))
    const flipped = good.slice()
    flipped[good.length - 1000] ^= 4
    const fla = resolve(model, '../../fixtures/fla-base')
    const results = [
      await read(good.subarray(0, good.length - 1)),
      await read(good.subarray(0, 100)),
      await read(new Uint8Array()),
      await read(flipped),
      await read(good, '--model', fla),
    ]
    for (const { code, stdout, stderr } of results) {
      expect(code).toBe(1)
      expect(stdout).toBe('')
      expect(stderr).not.toMatch(/^\s+at |fault of retnet/m)
    }
    expect(results.map(({ stderr }) => stderr.slice(0, 17)).slice(0, 4)).toEqual(Array(4).fill('retnet: snapshot:'))
    expect(results[4].stderr).toContain('tokenizer.json')
  })
})
