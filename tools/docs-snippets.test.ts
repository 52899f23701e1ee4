// Every ts fence of the READMEs type-checks against the sources. A fence is a module of its own.
import { existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { execute } from './execute.ts'
import { fencesOf } from './fences.ts'
import { codeExports, importName, packages, root } from './workspace.ts'

const documents = [
  'README.md',
  ...globSync('{packages,docs}/*/README.md', { cwd: root }),
  ...globSync('docs/*.md', { cwd: root }),
]

mkdirSync(join(root, '.cache'), { recursive: true })
const folder = mkdtempSync(join(root, '.cache/snippets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('every ts fence of the READMEs type-checks', async () => {
  const origins = writeSnippets()
  expect(origins.size, 'no ts fence found at all: is the pattern in fences.ts still right?').toBeGreaterThan(0)
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configuration()))
  const failure = await execute('tsc', ['-p', folder, '--pretty', 'false'], root).then(
    () => '',
    (error: Error) => error.message,
  )
  expect(located(failure, origins)).toBe('')
})

function writeSnippets(): Map<string, { document: string; line: number }> {
  const origins = new Map<string, { document: string; line: number }>()
  for (const document of documents.filter((path) => existsSync(join(root, path)))) {
    for (const { language, code, line } of fencesOf(join(root, document))) {
      if (language !== 'ts' && language !== 'typescript') continue
      const name = `${document.replace(/\W+/g, '-')}-${line}.ts`
      writeFileSync(join(folder, name), `${code}\nexport {}\n`)
      origins.set(name, { document, line })
    }
  }
  return origins
}

function configuration() {
  const paths = packages.flatMap((pkg) =>
    codeExports(pkg).map(({ subpath, targets }) => [
      importName(pkg, subpath),
      [`./${relative(folder, join(pkg.folder, targets['@retnet/source']))}`],
    ]),
  )
  return {
    extends: '../../tsconfig.base.json',
    compilerOptions: {
      noEmit: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
      types: ['node'],
      typeRoots: ['../../node_modules/@types'],
      allowImportingTsExtensions: true,
      paths: Object.fromEntries(paths) as Record<string, string[]>,
    },
    include: ['*.ts'],
  }
}

// "snippet.ts(3,5): error" -> "README.md:12: error". Errors inside packages are left to the type check of the repository; anything
// else, such as a compiler that does not start, is shown as it came.
function located(output: string, origins: Map<string, { document: string; line: number }>): string {
  const errors = [...output.matchAll(/^(?:(\S+?)\((\d+),\d+\): )?(error TS.*)$/gm)]
  if (output !== '' && errors.length === 0) return output
  return errors
    .filter(([, file]) => file === undefined || !/^(\.\.\/)*packages\//.test(file))
    .map(([whole, file, line, message]) => {
      const origin = origins.get(basename(file ?? ''))
      return origin === undefined ? whole : `${origin.document}:${origin.line + Number(line)}: ${message}`
    })
    .join('\n')
}
