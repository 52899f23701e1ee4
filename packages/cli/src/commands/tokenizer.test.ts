import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { memoryIo } from '../memory-io.js'
import { run } from '../run.js'

const folder = mkdtempSync(join(tmpdir(), 'retnet-tokenizer-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const text = join(folder, 'text.txt')
writeFileSync(text, 'the cat sat on the mat\nthe cats sat on the mats, naïve <|endoftext|>\n'.repeat(20))
const out = join(folder, 'tokenizer.json')

async function tokenizer(args: readonly string[], stdin = '') {
  const io = memoryIo({ stdin })
  const code = await run(['tokenizer', ...args], io)
  return { code, ...io.output }
}

describe('retnet tokenizer', () => {
  test('trains a file that encode and decode use', async () => {
    const trained = await tokenizer(['train', text, '--vocab-size', '280', '--out', out, '--json'])
    expect(trained).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(trained.stdout)).toMatchObject({ out, tokens: 280, merges: 23, bytes: 1400 })
    const encoded = await tokenizer(['encode', text, '-t', out])
    expect(encoded.stdout).toMatch(/^\d+( \d+)*\n$/)
    const decoded = await tokenizer(['decode', '-t', out], encoded.stdout)
    expect(decoded.stdout).toBe(readFileSync(text, 'utf8'))
    const json = await tokenizer(['encode', '-t', folder, '--text', ' the<|endoftext|>', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ tokens: ['Ġthe', '<|endoftext|>'] })
    expect((await tokenizer(['decode', '-t', out, '[257,', '0]', '--skip-special-tokens'])).code).toBe(0)
  })

  test('trains from stdin the same as from a file, and says why there are fewer tokens', async () => {
    const args = ['--out', out, '--min-frequency', '25', '--special', '<a>', '--special', '<b>']
    const fromFile = await tokenizer(['train', text, ...args])
    const first = readFileSync(out, 'utf8')
    expect(fromFile).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('no more pairs occur 25 times') as string,
    })
    await tokenizer(['train', '-', ...args], readFileSync(text, 'utf8'))
    expect(readFileSync(out, 'utf8')).toBe(first)
    expect(first).toContain('"<a>": 0,\n      "<b>": 1,\n      "!": 2')
  })

  test('measures itself beside the libraries that are there, also text with special tokens', async () => {
    const { code, stdout } = await tokenizer(['bench', text, '--runs', '1', '--json'])
    expect(code).toBe(0)
    const { rows } = JSON.parse(stdout) as { rows: { library: string; different: number; bestDecodeMBps: number }[] }
    expect(rows[0]).toMatchObject({ library: '@retnet/tokenizer', different: 0 })
    expect(rows[0].bestDecodeMBps).toBeGreaterThan(0)
  })

  const latin1 = join(folder, 'latin1.txt')
  writeFileSync(latin1, Buffer.from('caf\xe9!', 'latin1'))
  const empty = join(folder, 'empty.txt')
  writeFileSync(empty, '')
  test.each([
    [1, ['train', '/nowhere.txt', '-o', 'OUT'], '/nowhere.txt: there is no such file'],
    [1, ['train', folder, '-o', 'OUT'], 'expected a file, got a folder'],
    [1, ['train', latin1, '-o', 'OUT'], 'expected UTF-8'],
    [1, ['train', empty, '-o', 'OUT'], 'there is no text'],
    [1, ['train', text, '-o', '/nowhere/x.json'], 'there is no folder /nowhere'],
    [2, ['train', text, '-o', folder], 'is a folder. Name the file'],
    [2, ['train', text], "required option '-o, --out <file>'"],
    [2, ['train', '-o', 'OUT'], "missing required argument 'files'"],
    [2, ['train', text, '-o', 'OUT', '--vocab-size', '8k'], 'Expected a whole number'],
    [2, ['train', text, '-o', 'OUT', '--word-suffix', '</w>'], '--word-suffix: has no meaning over bytes'],
    [2, ['train', text, '-o', 'OUT', '--no-byte-level', '--pattern', 'gpt2'], '--pattern: has no meaning'],
    [1, ['encode', '-t', '/nowhere.json', '--text', 'a'], '/nowhere.json: there is no such file'],
    [2, ['encode', text, '--text', 'a'], '--text: there is a file too'],
    [2, ['encode', '--text', 'a', '--json', '--count'], 'expected one of them at most'],
    [1, ['decode', 'hello'], 'expected token ids, got "hello"'],
    [1, ['decode', '999999'], 'expected an integer from 0 to'],
    [2, ['trian'], 'Did you mean train?'],
  ])('exits with %i and a reason: %j', async (code, args, message) => {
    const file = join(folder, 'none.json')
    const result = await tokenizer(args.map((each) => (each === 'OUT' ? file : each)))
    expect(result.stderr).toContain(message)
    expect(result).toMatchObject({ code, stdout: '' })
    expect(existsSync(file)).toBe(false)
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })
})
