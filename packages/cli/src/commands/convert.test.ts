import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { memoryIo } from '../memory-io.js'
import { run } from '../run.js'

const repository = resolve(import.meta.dirname, '../../../..')
const fixture = join(repository, 'fixtures/fla-base')
const folder = mkdtempSync(join(tmpdir(), 'retnet-convert-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function command(...args: string[]) {
  const io = memoryIo()
  return { code: await run(args, io), ...io.output }
}

async function toOnnx(name: string, ...args: string[]): Promise<string> {
  const target = join(folder, name)
  expect(await command('convert', '--model', fixture, '--to', 'onnx', '--out', target, ...args)).toMatchObject({
    code: 0,
    stderr: '',
  })
  return target
}

describe('retnet convert --to onnx', () => {
  test('writes the files that tools look for, and says how large they are', async () => {
    const target = join(folder, 'novels')
    const { code, stdout } = await command('convert', '--to', 'onnx', '--dtype', 'q8', '--out', target, '--json')
    expect(code).toBe(0)
    const { files } = JSON.parse(stdout) as { files: Record<string, number> }
    const expected = [
      'config.json',
      'generation_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'onnx/model.onnx',
    ]
    expect(Object.keys(files)).toEqual(expected)
    expect(readdirSync(target).toSorted()).toEqual([...expected.slice(0, 4), 'onnx'].toSorted())
    expect(readFileSync(join(target, 'onnx/model.onnx'))).toHaveLength(files['onnx/model.onnx'])
    expect(JSON.parse(readFileSync(join(target, 'config.json'), 'utf8'))).toMatchObject({
      model_type: 'retnet',
      'transformers.js_config': { use_external_data_format: false },
    })
    expect(JSON.parse((await command('inspect', '--model', target, '--json')).stdout)).toMatchObject({
      family: 'onnx',
      parameters: 6_557_696,
      dtype: 'q8',
      tokenizer: { vocabularySize: 4096 },
    })
  })

  test('the folder is a model that writes the same text on every backend, with weights in 8 bits too', async () => {
    const text = async (...args: string[]) => {
      const found = await command(
        'generate',
        '-n',
        '12',
        '--seed',
        '3',
        '--threads',
        '1',
        '--prompt',
        'The',
        '--json',
        ...args,
      )
      expect(found).toMatchObject({ code: 0 })
      return (JSON.parse(found.stdout) as { ids: number[] }).ids
    }
    const f32 = join(folder, 'novels-f32')
    await command('convert', '--to', 'onnx', '--out', f32)
    const expected = await text()
    for (const backend of ['onnx', 'cpu']) expect(await text('--model', f32, '--backend', backend)).toEqual(expected)
    const q8 = join(folder, 'novels')
    expect(await text('--model', q8)).toEqual(await text('--dtype', 'q8'))
  })

  test('a snapshot goes from the checkpoint to its export and back', async () => {
    const target = join(folder, 'novels-f32')
    const snapshot = join(folder, 'a.state')
    const common = ['--threads', '1', '--seed', '5', '--json', '--snapshot-out', snapshot]
    const ids = async (...args: string[]) => {
      const { stdout } = await command('generate', ...common, ...args)
      return (JSON.parse(stdout) as { ids: number[] }).ids
    }
    const whole = await ids('--prompt', 'The old house', '-n', '9')
    const parts = [
      await ids('--prompt', 'The old house', '-n', '3'),
      await ids('--snapshot-in', snapshot, '-n', '3', '--model', target, '--backend', 'onnx'),
      await ids('--snapshot-in', snapshot, '-n', '3'),
    ]
    expect(parts.flat()).toEqual(whole)
  })

  test('a second graph for one token shares the weights', async () => {
    const target = await toOnnx('two', '--decode-graph')
    const size = (file: string) => readFileSync(join(target, 'onnx', file)).length
    expect(readdirSync(join(target, 'onnx'))).toEqual(['decode.onnx', 'model.onnx', 'model.onnx_data'])
    expect(size('model.onnx_data')).toBeGreaterThan(4 * size('decode.onnx'))
    expect(await command('inspect', '--model', target)).toMatchObject({ code: 0 })
  })

  test('standard operators alone, on request', async () => {
    const target = await toOnnx('standard', '--standard-ops', '--dtype', 'q8')
    expect(readFileSync(join(target, 'onnx/model.onnx')).includes('com.microsoft')).toBe(false)
  })
})

test('retnet convert --to safetensors writes a smaller checkpoint', async () => {
  const target = join(folder, 'small')
  const args = ['convert', '--model', fixture, '--to', 'safetensors', '--dtype', 'q4', '--out', target]
  expect(await command(...args)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('model.safetensors') as string,
  })
  expect(JSON.parse((await command('inspect', '--model', target, '--json')).stdout)).toMatchObject({ dtype: 'q4' })
  const onnx = join(folder, 'small-onnx')
  expect(await command('convert', '--model', target, '--to', 'onnx', '--out', onnx)).toMatchObject({ code: 0 })
  const ids = async (...rest: string[]) =>
    (
      await command(
        'logits',
        '--backend',
        'onnx',
        '--threads',
        '1',
        '--tokens',
        tokens,
        '--out',
        join(folder, 'l'),
        ...rest,
      )
    ).code
  const tokens = join(fixture, 'expected.safetensors')
  for (const model of [target, onnx]) expect(await ids('--model', model)).toBe(0)
  expect(await command('inspect', '--model', onnx, '--json')).toMatchObject({ code: 0 })
  expect(await ids('--model', onnx, '--dtype', 'q8')).toBe(0)
  const q8 = join(folder, 'small-q8')
  expect((await command('convert', '--model', fixture, '--to', 'onnx', '--dtype', 'q8', '--out', q8)).code).toBe(0)
  expect(await ids('--model', q8, '--dtype', 'q4')).not.toBe(0)
})

describe('retnet convert refuses', () => {
  test('a target that is there, unless it is told to replace a model', async () => {
    const target = await toOnnx('there')
    writeFileSync(join(target, 'mine.txt'), 'x')
    const args = ['convert', '--model', fixture, '--to', 'onnx', '--out']
    expect(await command(...args, target)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/it exists already.*--force/) as string,
    })
    expect(existsSync(join(target, 'mine.txt'))).toBe(true)
    expect(await command(...args, target, '--force')).toMatchObject({ code: 0 })
    expect(existsSync(join(target, 'mine.txt'))).toBe(false)
    const other = join(folder, 'other')
    mkdirSync(other)
    writeFileSync(join(other, 'mine.txt'), 'x')
    expect(await command(...args, other, '--force')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('it is no model folder') as string,
    })
    expect(existsSync(join(other, 'mine.txt'))).toBe(true)
  })

  test('to replace the model itself', async () => {
    const copy = join(folder, 'copy')
    cpSync(fixture, copy, { recursive: true })
    expect(await command('convert', '--model', copy, '--to', 'onnx', '--out', copy, '--force')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('this is the model itself') as string,
    })
    expect(existsSync(join(copy, 'model.safetensors'))).toBe(true)
  })

  test('broken weights, and leaves nothing', async () => {
    const broken = join(folder, 'broken')
    cpSync(fixture, broken, { recursive: true })
    const bytes = readFileSync(join(broken, 'model.safetensors'))
    writeFileSync(join(broken, 'model.safetensors'), bytes.subarray(0, -100))
    const before = readdirSync(folder)
    const { code } = await command('convert', '--model', broken, '--to', 'onnx', '--out', join(folder, 'never'))
    expect(code).toBe(1)
    expect(readdirSync(folder)).toEqual(before)
  })

  test('to go on when it is interrupted, and leaves nothing', async () => {
    const before = readdirSync(folder)
    const io = memoryIo({ signal: AbortSignal.abort() })
    expect(await run(['convert', '--model', fixture, '--to', 'onnx', '--out', join(folder, 'never')], io)).toBe(130)
    expect(readdirSync(folder)).toEqual(before)
  })

  test.each([
    [['convert', '--out', 'x'], /required option '--to/],
    [['convert', '--to', 'onnx'], /required option '-o, --out/],
    [['convert', '--to', 'gguf', '--out', 'x'], /Allowed choices are onnx, safetensors/],
    [['convert', '--to', 'safetensors', '--standard-ops', '--out', 'x'], /they belong to --to onnx/],
  ] as const)('%j', async (args, message) => {
    const { code, stderr } = await command(...args)
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
  })
})

describe('an ONNX file', () => {
  test('from elsewhere, or damaged, is refused with what is wrong', async () => {
    const model = await toOnnx('damaged')
    const file = join(model, 'onnx/model.onnx')
    const good = readFileSync(file)
    const attempt = async (bytes: Uint8Array) => {
      writeFileSync(file, bytes)
      return command('generate', '--model', model, '--threads', '1', '-n', '1')
    }
    expect(await attempt(good.subarray(0, -1000))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/model\.onnx: is no ONNX model/) as string,
    })
    const foreign = Buffer.from(good.toString('latin1').replaceAll('retnet.weights', 'renown.weights'), 'latin1')
    expect(await attempt(foreign)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/was not written by retnet/) as string,
    })
    const without = Buffer.from(good.toString('latin1').replaceAll('retnet.spec', 'retnet.spic'), 'latin1')
    expect(await attempt(without)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/its metadata does not describe a model/) as string,
    })
  })
})
