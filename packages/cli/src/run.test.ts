import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { memoryIo } from './memory-io.js'
import { run } from './run.js'

const fixture = resolve(import.meta.dirname, '../../../fixtures/fla-base')
const folder = mkdtempSync(join(tmpdir(), 'retnet-run-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function command(...args: string[]) {
  const io = memoryIo()
  return { code: await run(args, io), ...io.output }
}

describe('retnet', () => {
  test('prints its version and the help of each command on stdout', async () => {
    expect(await command('--version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    })
    for (const name of ['generate', 'chat', 'logits', 'eval', 'inspect', 'convert']) {
      const { code, stdout, stderr } = await command('help', name)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toContain('Examples:')
    }
  })

  test('shows where an error happened for RETNET_DEBUG=1 only', async () => {
    const io = memoryIo({ env: { RETNET_DEBUG: '1' } })
    expect(await run(['inspect', '--model', '/nowhere'], io)).toBe(1)
    expect(io.output.stderr).toMatch(/^\s+at /m)
    expect((await command('inspect', '--model', '/nowhere')).stderr).not.toMatch(/^\s+at /m)
  })

  test('inspects a model', async () => {
    const { stdout } = await command('inspect', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      family: 'fla',
      spec: { width: 256, layers: 6, vocabSize: 4096 },
      parameters: 6_557_696,
      stateBytes: 786_436,
      dtype: 'F16',
      tokenizer: { vocabularySize: 4096, specialTokens: { '<|endoftext|>': 0 } },
    })
  })

  test.each([
    [[], /Usage: retnet/],
    [['generat'], /^retnet: unknown command 'generat' .*generate.*\n$/],
    [['generate', '--promt', 'x'], /^retnet: unknown option '--promt' .*--prompt.*\n$/],
    [['generate', 'text'], /too many arguments/],
    [['generate', '--max-tokens', '-1'], /--max-tokens.*whole number of at least 0, got "-1"/],
    [['generate', '--max-tokens', '1e99'], /got "1e99"/],
    [['generate', '--temperature', 'hot'], /--temperature.*Expected a number, got "hot"/],
    [['generate', '--temperature', '-1', '--threads', '1'], /temperature: expected a number from 0 to 100, got -1/],
    [['generate', '--top-p', '0', '--threads', '1'], /topP: expected a number above 0/],
    [['generate', '--stop-id', '4096', '--threads', '1'], /stopIds/],
    [['generate', '--logit-bias', 'a=1'], /ID=NUMBER/],
    [['generate', '--logprobs', '2'], /--logprobs.*Add --json/],
    [['generate', '--backend', 'gpu'], /cpu, webgpu, onnx, reference/],
    [['generate', '--backend', 'reference', '--threads', '2'], /one thread/],
    [['generate', '--dtype', 'f64'], /f32, f16, q8, q4/],
    [['eval', '--text', 'x', '--window', '1'], /--window/],
    [['eval'], /required option '-t, --text <file>'/],
  ] as const)('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await command(...args)
    expect(stderr).toMatch(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>

/** A copy of the fixture with another header, or with other bytes altogether. */
function broken(name: string, change: (header: Header) => void, cut = 0): string {
  const target = join(folder, name)
  mkdirSync(target)
  cpSync(join(fixture, 'config.json'), join(target, 'config.json'))
  const bytes = readFileSync(join(fixture, 'model.safetensors'))
  const length = Number(bytes.readBigUInt64LE())
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Header
  change(header)
  const text = Buffer.from(JSON.stringify(header))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(text.length))
  const data = bytes.subarray(8 + length)
  writeFileSync(join(target, 'model.safetensors'), Buffer.concat([size, text, data.subarray(0, data.length - cut)]))
  return target
}

function withConfig(name: string, config: string): string {
  const target = broken(name, () => {})
  writeFileSync(join(target, 'config.json'), config)
  return target
}

const head = 'lm_head.weight'
const none = () => {}
const config = JSON.parse(readFileSync(join(fixture, 'config.json'), 'utf8')) as object

describe('retnet names what is wrong with a model, and exits with 1', () => {
  test.each<readonly [string, () => string, RegExp]>([
    ['truncated', () => broken('truncated', none, 100), /truncated.*model\.safetensors/s],
    [
      'overlapping',
      () => broken('overlap', (h) => void (h['model.embeddings.weight'].data_offsets = [0, 24_832])),
      /model\.safetensors: tensor/,
    ],
    [
      'oversized',
      () => broken('oversized', (h) => void (h[head].shape = [2 ** 40, 2 ** 40])),
      /tensor "lm_head\.weight"/,
    ],
    [
      'a missing tensor',
      () =>
        broken('missing', (h) => {
          h.other = h[head]
          delete h[head]
        }),
      /lm_head\.weight/,
    ],
    [
      'a wrong shape',
      () => broken('shape', (h) => void (h[head].shape = [h[head].shape[1], h[head].shape[0]])),
      /lm_head\.weight.*\[97, 64\]/,
    ],
    ['an unknown dtype', () => broken('dtype', (h) => void (h[head].dtype = 'F99')), /lm_head\.weight.*F99/],
    ['an unknown configuration', () => withConfig('config', '{"model_type":"gpt2"}'), /config\.json.*model_type/],
    [
      'a hybrid model',
      () => withConfig('hybrid', JSON.stringify({ ...config, attn: { layers: [0], num_heads: 4 } })),
      /attn|attention/,
    ],
    ['a configuration that is no JSON', () => withConfig('json', '{"model_type":'), /config\.json/],
    ['no folder', () => join(folder, 'nope'), /there is no such folder/],
    ['a mistyped folder', () => folder.slice(0, -1), /Did you mean \S+retnet-run-/],
    ['a mistyped bundled model', () => 'novels-7n', /Did you mean novels-7m\?/],
    ['a folder without a model', () => tmpdir(), /config\.json/],
    ['a file', () => join(fixture, 'config.json'), /expected a folder, got a file/],
    ['an empty name', () => '', /the name is empty/],
  ])('%s', async (_, make, message) => {
    const tokens = join(fixture, 'expected.safetensors')
    const out = join(folder, 'never.safetensors')
    const { code, stdout, stderr } = await command(
      'logits',
      '--model',
      make(),
      '--tokens',
      tokens,
      '--out',
      out,
      '--threads',
      '1',
    )
    expect(stderr).toMatch(message)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).not.toMatch(/^\s+at |fault of retnet/m)
    expect(existsSync(out)).toBe(false)
  })

  test('a file that cannot be written', async () => {
    const args = ['generate', '-n', '1', '--threads', '1', '--json', '--snapshot-out', join(folder, 'no/such/folder')]
    expect(await command(...args)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('no such file') as string,
    })
  })
})

const bin = resolve(import.meta.dirname, '../dist/bin.js')

describe.skipIf(!existsSync(bin))('the built command (needs a build)', () => {
  interface Result {
    readonly code: number | null
    readonly stdout: string
    readonly stderr: string
  }

  function execute(
    args: readonly string[],
    watch: (child: ReturnType<typeof spawn>, stdout: string) => void = none,
  ): Promise<Result> {
    return new Promise((done) => {
      const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
      let stdout = ''
      let stderr = ''
      child.stdout.on('data', (chunk) => watch(child, (stdout += chunk)))
      child.stderr.on('data', (chunk) => (stderr += chunk))
      child.on('close', (code) => done({ code, stdout, stderr }))
    })
  }

  test('continues in a new process what another one has saved', async () => {
    const file = join(folder, 'process.state')
    const args = ['generate', '--threads', '1', '--seed', '5', '--json']
    const idsOf = ({ stdout }: Result) => (JSON.parse(stdout) as { ids: number[] }).ids
    const whole = idsOf(await execute([...args, '--prompt', 'The old house', '-n', '8']))
    const first = idsOf(await execute([...args, '--prompt', 'The old house', '-n', '5', '--snapshot-out', file]))
    const rest = idsOf(await execute([...args, '--snapshot-in', file, '-n', '3']))
    expect([...first, ...rest]).toEqual(whole)
  })

  test('ends with 130 and without a trace at Ctrl-C', async () => {
    const result = await execute(['generate', '-n', '1000000', '--ignore-eos'], (child) => {
      if (!child.killed) child.kill('SIGINT')
    })
    expect(result).toMatchObject({ code: 130, stderr: '' })
  })

  test('ends quietly when its reader has seen enough', async () => {
    const result = await execute(['generate', '-n', '1000000', '--ignore-eos'], (child) => child.stdout!.destroy())
    expect(result).toMatchObject({ code: 0, stderr: '' })
  })
})
