import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { memoryIo } from '../memory-io.js'
import { run } from '../run.js'
import { buildThread } from '../testing.js'

const model = resolve(import.meta.dirname, '../../../../models/novels-7m')

const folder = mkdtempSync(join(tmpdir(), 'retnet-serve-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('retnet serve answers the curl that it prints and those of the README, and ends in order on a signal', async () => {
  let stop = () => {}
  const io = { ...memoryIo(), onStop: (listener: () => void) => ((stop = listener), () => {}) }
  const ended = run(['serve', '--model', model, '--port', '0', '--rows', '2', '--threads', '1'], io)
  await expect.poll(() => io.output.stdout, { timeout: 60_000 }).toContain('curl')
  const command = io.output.stdout.split('\n').find((line) => line.includes('curl'))!
  const answer = await shell(command.replace('curl', 'curl -s'))
  const { choices, usage } = JSON.parse(answer) as { choices: { text: string }[]; usage: object }
  expect(choices[0].text.length).toBeGreaterThan(40)
  expect(usage).toMatchObject({ completion_tokens: 40 })
  const url = /http:\S+(?=\/v1)/.exec(command)![0]
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object }
  const help = memoryIo()
  expect(await run(['serve', '--help'], help)).toBe(0)
  const told = new Set(help.output.stdout.match(/(?<=\s)\/[a-z0-9/._]*(?=\s)/g))
  // what belongs to one session is not told by itself
  expect(Object.keys(paths).filter((path) => !told.has(path.replace(/\/\{.*$/, '')))).toEqual([])
  for (const example of examples()) {
    const reply = await shell(example.replace('curl', 'curl -s').replace('http://localhost:8080', url))
    expect(reply, example).toMatch(/^(\{|id: )/)
    expect(reply, example).not.toContain('"error"')
  }
  stop()
  expect(await ended).toBe(0)
  expect(io.output.stderr).toContain('shutting down')
})

test('with the engine in a thread of its own, requests are answered while it computes', async () => {
  let stop = () => {}
  const engineThread = await buildThread('engine-thread', folder)
  const io = { ...memoryIo(), engineThread, onStop: (listener: () => void) => ((stop = listener), () => {}) }
  const ended = run(['serve', '--model', model, '--port', '0', '--rows', '2', '--threads', '1'], io)
  await expect.poll(() => io.output.stdout, { timeout: 60_000 }).toContain('curl')
  const url = /http:\S+(?=\/v1)/.exec(io.output.stdout)![0]
  const ask = (max_tokens: number) => {
    const body = JSON.stringify({ prompt: 'It was', max_tokens, seed: 7, temperature: 0 })
    const headers = { 'content-type': 'application/json' }
    return fetch(`${url}/v1/completions`, { method: 'POST', headers, body }).then((response) => response.json())
  }
  const answer = ask(60)
  expect((await fetch(`${url}/livez`)).status).toBe(200)
  const { choices } = (await answer) as { choices: { text: string }[] }
  expect(choices[0].text).toBe(((await ask(60)) as { choices: { text: string }[] }).choices[0].text)
  stop()
  expect(await ended).toBe(0)
})

test('what the thread says of a wrong option is what the command says', async () => {
  const io = { ...memoryIo(), engineThread: await buildThread('engine-thread', folder) }
  const args = ['serve', '--model', model, '--port', '0', '--state-dtype', 'f16']
  expect([await run(args, io), io.output.stderr]).toEqual([
    2,
    expect.stringContaining('--state-dtype: the cpu backend'),
  ])
})

test('retnet serve takes keys from a file and writes a line of its log for each request', async () => {
  const file = join(folder, 'keys.json')
  writeFileSync(file, JSON.stringify({ keys: [{ name: 'ci', tenant: 'acme', key: 'a-key-of-some-length' }] }))
  let stop = () => {}
  const io = { ...memoryIo(), onStop: (listener: () => void) => ((stop = listener), () => {}) }
  const ended = run(['serve', '--model', model, '--port', '0', '--threads', '1', '--keys', file], io)
  await expect.poll(() => io.output.stdout, { timeout: 60_000 }).toContain('curl')
  const url = /http:\S+(?=\/v1)/.exec(io.output.stdout)![0]
  expect((await fetch(`${url}/v1/models`)).status).toBe(401)
  const headers = { authorization: 'Bearer a-key-of-some-length', 'x-request-id': 'mine-1' }
  expect((await fetch(`${url}/v1/models`, { headers })).headers.get('x-request-id')).toBe('mine-1')
  const lines = () => io.output.stderr.split('\n').filter((line) => line.startsWith('{'))
  await expect.poll(lines).toHaveLength(2)
  expect(JSON.parse(lines()[1])).toMatchObject({ request_id: 'mine-1', tenant: 'acme', key: 'ci', status: 200 })
  // row 54: names of special tokens in a prompt are plain text
  const body = JSON.stringify({ prompt: '<|endoftext|>', add_special_tokens: false })
  const type = { 'content-type': 'application/json' }
  const asked = await fetch(`${url}/tokenize`, { method: 'POST', body, headers: { ...headers, ...type } })
  const { tokens } = (await asked.json()) as { tokens: number[] }
  expect(tokens.length).toBeGreaterThan(4)
  expect(tokens).not.toContain(0)
  writeFileSync(file, '{"keys": [{"key": "a-secret-of-some-length"')
  const broken = memoryIo()
  expect(await run(['serve', '--model', model, '--port', '0', '--threads', '1', '--keys', file], broken)).toBe(1)
  expect(broken.output.stderr).toContain('keys.json: it is not JSON.')
  expect(broken.output.stderr).not.toContain('secret')
  stop()
  expect(await ended).toBe(0)
})

test('a port that is in use is said to be, with what to do', async () => {
  const other = createServer()
  const port = await new Promise<number>((found) => {
    other.listen(0, '127.0.0.1', () => found((other.address() as { port: number }).port))
  })
  const io = memoryIo()
  expect(await run(['serve', '--model', model, '--port', `${port}`, '--threads', '1'], io)).toBe(1)
  expect(io.output.stderr).toContain(`127.0.0.1:${port}: the port is in use. Stop what uses it`)
  other.close()
})

test.each([
  ['--role', 'worker'],
  ['--role', 'manager'],
  ['--states', 'folder'],
  ['--redis', 'redis://localhost:1'],
])('%s %s alone is refused as wrong usage', async (...args) => {
  const io = memoryIo()
  expect(await run(['serve', '--model', model, ...args], io)).toBe(2)
  expect(io.output.stderr).toContain(args[0])
})

test.each([
  ['--port', '70000'],
  ['--rows', '0'],
])('%s %s is refused as wrong usage', async (...args) => {
  expect(await run(['serve', ...args], memoryIo())).toBe(2)
})

const file = join(folder, 'file')
const others = join(folder, 'others')
const states = join(folder, 'states')
mkdirSync(others)
for (const path of [file, join(others, 'retnet.db')]) writeFileSync(path, 'of another program')

test.each([
  [1, 'expected a file, got a folder', ['--keys', folder]],
  [1, 'there is a file where the folder should be', ['--data', file]],
  [1, 'retnet.db: it is no database', ['--data', others]],
  [1, '--redis: no connection within', ['--redis', 'redis://127.0.0.1:1', '--states', states]],
  [2, '--redis: expected redis[s]://', ['--redis', 'http://127.0.0.1', '--states', states]],
  [2, 'got nothing', ['--data', '']],
  [2, '--cors-origin: expected origins', ['--port', '0', '--cors-origin', 'example.com']],
  [2, '--allow-host: expected names', ['--port', '0', '--allow-host', 'http://example.com/']],
  [2, 'Did you mean --port?', ['--prot', '1']],
] as const)('exit code %i, and one line: %s', async (code, words, args) => {
  const io = memoryIo()
  expect(await run(['serve', '--model', model, '--threads', '1', ...args], io)).toBe(code)
  expect(io.output.stderr).toMatch(/^retnet: [^\n]*\n$/)
  expect(io.output.stderr).toContain(words)
})

function examples(): string[] {
  const readme = readFileSync(resolve(import.meta.dirname, '../../../serve/README.md'), 'utf8')
  const found = /```sh\n(.+?)```/s.exec(readme)![1].trim().split('\n\n')
  expect(found).toHaveLength(8)
  return found
}

function shell(command: string): Promise<string> {
  return new Promise((found, reject) => {
    const child = spawn('sh', ['-c', command])
    let text = ''
    child.stdout.on('data', (data: Buffer) => (text += data.toString()))
    child.on('error', reject)
    child.on('close', () => found(text))
  })
}
