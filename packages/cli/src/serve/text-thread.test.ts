import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Tokenizer } from '@retnet/tokenizer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CommandError } from '../errors.js'
import { buildThread } from '../testing.js'
import { TextThread, type TextThreadData } from './text-thread.js'

const folder = mkdtempSync(join(tmpdir(), 'retnet-text-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let program: URL
beforeAll(async () => {
  program = await buildThread('text-thread', folder)
})

const tokenizerJson = readFileSync(resolve(import.meta.dirname, '../../../../models/novels-7m/tokenizer.json'), 'utf8')
const start = (data: Partial<TextThreadData>) => () => {
  return new Worker(program, { workerData: { tokenizerJson, ...data }, execArgv: [] })
}
const messages = [{ role: 'user' as const, content: 'Who are you?' }]

test('texts and conversations are encoded as in this thread', async () => {
  const tokenizer = await Tokenizer.load(tokenizerJson)
  using texts = await TextThread.create(start({ chatTemplate: '{{ messages[0].content }}!' }))
  expect(texts.hasChat).toBe(true)
  const [ids, chat] = await Promise.all([texts.encode({ text: 'The old house' }), texts.encode({ messages })])
  expect(ids).toEqual(tokenizer.encode('The old house'))
  expect(chat).toEqual(tokenizer.encode('Who are you?!'))
  using plain = await TextThread.create(start({}))
  expect(plain.hasChat).toBe(false)
})

test('a template that never ends costs its request alone', async () => {
  const chatTemplate = `{% if messages[0].content == 'loop' %}{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}{% endif %}x`
  using texts = await TextThread.create(start({ chatTemplate }), 500)
  const endless = texts.encode({ messages: [{ role: 'user', content: 'loop' }] })
  const next = texts.encode({ messages })
  await expect(endless).rejects.toThrow(CommandError)
  expect(await next).toHaveLength(1)
})

test('what the template refuses is told in its words', async () => {
  using texts = await TextThread.create(start({ chatTemplate: `{{ raise_exception('no user') }}` }))
  await expect(texts.encode({ messages })).rejects.toThrow('no user')
})

test('a tokenizer that cannot be read is an error at once', async () => {
  await expect(TextThread.create(start({ tokenizerJson: '{' }))).rejects.toThrow(CommandError)
})
