import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { exportedNames, importsOf, packageOf } from './imports.ts'

const folder = mkdtempSync(join(tmpdir(), 'retnet-imports-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(text: string): string {
  const path = join(folder, 'a.ts')
  writeFileSync(path, text)
  return path
}

test('the import scanner tells types, values and dynamic imports apart and ignores comments', () => {
  const text = [
    "import type { A } from 'a'",
    "import { type B, type C as D } from 'b'",
    "import {\n  type E,\n  F as G,\n} from './c.js'",
    "export { H } from './d.js'",
    "import 'e'",
    "// import { no } from 'commented'",
    "/* import { no } from 'commented' */",
    "const url = 'http://localhost' + (await import('node:fs'))",
  ].join('\n')
  expect(importsOf(file(text)).map(({ specifier, names, kind }) => [specifier, names.join(), kind])).toEqual([
    ['a', 'A', 'type'],
    ['b', 'B,C', 'type'],
    ['./c.js', 'E,F', 'static'],
    ['./d.js', 'H', 'static'],
    ['e', '', 'static'],
    ['node:fs', '', 'dynamic'],
  ])
})

test('the export scanner finds declarations and lists', () => {
  const text =
    'export async function a() {}\nexport type B = 1\nconst c = 1\nexport { c, d as e, type F }\nfunction hidden() {}'
  expect(exportedNames(file(text))).toEqual(['a', 'B', 'c', 'e', 'F'])
})

test('a package name is what comes before the subpath', () => {
  expect(['@retnet/core/x/y', 'commander/esm', 'node:fs'].map(packageOf)).toEqual([
    '@retnet/core',
    'commander',
    'node:fs',
  ])
})
