// The parts of scripts/ that decide things; the rest is exercised by running this very suite through `npm test`.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fencesOf } from './fences.ts'
import { root } from './workspace.ts'

const folder = mkdtempSync(join(tmpdir(), 'retnet-scripts-'))
afterAll(() => rmSync(folder, { recursive: true }))

function evaluate(code: string): { status: number | null; signal: string | null; stdout: string } {
  const script = join(folder, 'script.mjs')
  writeFileSync(script, code.replaceAll('scripts/', `${join(root, 'scripts')}/`))
  return spawnSync(process.execPath, [script], { encoding: 'utf8' })
}

test('the range of Node versions is ^22.18 || >=24.11', () => {
  const versions = ['18.20.8', '20.19.0', '22.17.1', '22.18.0', '23.11.0', '24.10.0', '24.11.0', '26.0.0']
  const code = `import { nodeFits } from 'scripts/toolchain.mjs'
    console.log(JSON.stringify(${JSON.stringify(versions)}.filter(nodeFits)))`
  expect(JSON.parse(evaluate(code).stdout)).toEqual(['22.18.0', '24.11.0', '26.0.0'])
})

test.each([
  ['process.exitCode = 7', { status: 7, signal: null }],
  ["process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 5000)", { status: null, signal: 'SIGTERM' }],
])('the wrapper ends the way the program ended: %s', (program, expected) => {
  const code = `import { exitLike, foreground } from 'scripts/process.mjs'
    exitLike(await foreground(process.execPath, ['-e', ${JSON.stringify(program)}], process.env))`
  expect(evaluate(code)).toMatchObject(expected)
})

test('the lock of a process that is gone is taken over', () => {
  const file = JSON.stringify(join(folder, 'lock'))
  const code = `import { readFileSync, writeFileSync } from 'node:fs'
    import { lock } from 'scripts/lock.mjs'
    writeFileSync(${file}, '999999999')
    const unlock = await lock(${file}, () => console.log('waited'))
    console.log(readFileSync(${file}, 'utf8') === String(process.pid))
    unlock()`
  expect(evaluate(code).stdout).toBe('true\n')
})

test('fences know their line, their language and whether they are to be run', () => {
  const document = join(folder, 'document.md')
  writeFileSync(document, 'text\n\n```sh\nls\n```\n\n<!-- example -->\n\n```ts\nconst a = 1\n```\n')
  expect(fencesOf(document)).toEqual([
    { language: 'sh', code: 'ls\n', line: 3, runnable: false },
    { language: 'ts', code: 'const a = 1\n', line: 9, runnable: true },
  ])
})
