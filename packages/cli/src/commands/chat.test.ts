import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { memoryIo } from '../memory-io.js'
import { run } from '../run.js'

const folder = mkdtempSync(join(tmpdir(), 'retnet-chat-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function chat(...lines: string[]) {
  const io = memoryIo({ stdin: lines.join('\n') })
  const args = ['chat', '--temperature', '0', '-n', '4', '--before', ' ', '--logit-bias', '199=-100', '--threads', '1']
  expect(await run(args, io), io.output.stderr).toBe(0)
  return { answers: io.output.stdout.split('\n'), notes: io.output.stderr.split('\n') }
}

test('retnet chat answers the same again after /rewind, in a /fork and after /save and /load', async () => {
  const file = join(folder, 'chat.state')
  const { answers, notes } = await chat(
    'The old house',
    `/save ${file}`,
    'and he',
    '/rewind',
    'and he',
    '/rewind',
    '/fork other',
    'and he',
    '/switch main',
    'and he',
    `/load ${file}`,
    'and he',
    '/state',
    '/quit',
    'never read',
  )
  const second = answers.slice(1, 6)
  expect(second).toEqual(Array(5).fill(second[0]))
  expect(answers[0]).not.toBe(second[0])
  expect(notes.slice(0, 3)).toEqual([`saved ${file}`, 'back before turn 2', 'back before turn 2'])
  expect(notes.at(-2)).toMatch(/^\d+ tokens, 1 turns, branches: \[main\] other$/)
})

test('retnet chat tells what went wrong and goes on', async () => {
  const { notes, answers } = await chat(
    '/lod x',
    '/load /nowhere/x',
    '/rewind 3',
    '/fork',
    '/switch x',
    'The old house',
  )
  expect(notes).toEqual([
    '/lod is no command. Did you mean /load?',
    '/nowhere/x: there is no such file or folder. Check the path.',
    '/rewind: there are no turns yet, got 3.',
    '/fork: expected a name, got nothing.',
    '/switch: there is no branch x. There are main.',
    '',
  ])
  expect(answers[0].length).toBeGreaterThan(0)
})

test('retnet chat speaks by the chat template in the folder of the model', async () => {
  const model = join(folder, 'with-template')
  cpSync(resolve(import.meta.dirname, '../../../../models/novels-7m'), model, { recursive: true })
  const template =
    '<|endoftext|>{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}'
  writeFileSync(join(model, 'chat_template.jinja'), template)
  const answersOf = async (lines: string[], ...args: string[]) => {
    const io = memoryIo({ stdin: lines.join('\n') })
    const usual = ['chat', '--temperature', '0', '-n', '4', '--logit-bias', '199=-100', '--threads', '1']
    expect(await run([...usual, ...args], io), io.output.stderr).toBe(0)
    return io.output.stdout
  }
  const lines = ['Who are you?', 'And then?', '/rewind', 'And then?']
  const byTemplate = await answersOf(lines, '--model', model)
  // the bundled model has none, so the same is put around its lines by hand
  const byHand = await answersOf(
    ['user: Who are you?', 'And then?', '/rewind', 'And then?'],
    '--before',
    '\\nuser: ',
    '--after',
    '\\nassistant: ',
  )
  expect(byTemplate).toBe(byHand)
  expect(byTemplate).not.toBe(await answersOf(lines, '--model', model, '--after', ' '))
})
