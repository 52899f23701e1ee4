// What a user gets: the tarballs. Contents, types, and each package installed alone into an empty project where its README example runs.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, normalize } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { execute } from './execute.ts'
import { fencesOf } from './fences.ts'
import { importsOf, packageOf } from './imports.ts'
import { packAll, type Packed } from './packed.ts'
import { codeExports, importName, published, root } from './workspace.ts'

// the packages are ESM only: `require` and the resolution of TypeScript before 4.7 are not served
const notServed = new Set(['node10', 'node16-cjs'])

const temporary = mkdtempSync(join(tmpdir(), 'retnet-packed-'))
let packed: Map<string, Packed>
beforeAll(async () => {
  packed = await packAll(temporary)
})
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

describe.concurrent.each(published.map(({ short }) => [short]))('the tarball of %s', (short) => {
  test('is the same from npm pack as from pnpm pack', () => {
    const { npm, pnpm } = packed.get(short)!
    expect(npm.files).toEqual(pnpm.files)
    const hint = 'use plain version ranges between packages: npm does not rewrite workspace: or catalog:'
    for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies', 'exports', 'bin'] as const) {
      expect(npm.manifest[field], `${short}: ${field}; ${hint}`).toEqual(pnpm.manifest[field])
    }
  })

  test('holds what exports and bin name, and no other built script', () => {
    const { pkg, npm } = packed.get(short)!
    const targets = codeExports(pkg).flatMap(({ targets: each }) => Object.values(each))
    const named = [...targets, ...Object.values(pkg.manifest.bin ?? {})].map(normalize)
    expect(
      named.filter((file) => !npm.files.includes(file)),
      `${short}: named but not in the tarball`,
    ).toEqual([])
    const reached = reachableScripts(
      npm.folder,
      named.filter((file) => file.endsWith('.js')),
    )
    const orphans = npm.files.filter((file) => /^dist\/.*\.js$/.test(file) && !reached.has(file))
    expect(orphans, `${short}: built but neither exported nor used; export it or drop it from tsup.config.ts`).toEqual(
      [],
    )
  })

  test('has a README', () => {
    expect(
      packed.get(short)!.npm.files,
      `write packages/${short}/README.md: what it is, an example, the exports`,
    ).toContain('README.md')
  })

  test('has no tests and no stray files', () => {
    const stray = packed
      .get(short)!
      .npm.files.filter((file) => !/^(dist|src)\/|^(package\.json|README\.md|LICENSE)$/.test(file))
    const tests = packed.get(short)!.npm.files.filter((file) => /\.test\.|\/testing[./]/.test(file))
    expect([...stray, ...tests], `${short}: see "files" in package.json`).toEqual([])
  })

  test('passes publint', async () => {
    const { tarball, npm } = packed.get(short)!
    const { messages } = await publint({ pack: { tarball: arrayBuffer(tarball) }, level: 'warning', strict: true })
    expect(messages.map((message) => formatMessage(message, npm.manifest, { color: false }))).toEqual([])
  })

  test('has types that resolve for ES modules and bundlers', async () => {
    const result = await checkPackage(
      createPackageFromTarballData(new Uint8Array(readFileSync(packed.get(short)!.tarball))),
    )
    if (result.types === false) throw new Error(`${short}: the tarball has no types`)
    const problems = result.problems.filter((problem) => {
      const resolution = 'resolutionKind' in problem ? problem.resolutionKind : 'any'
      return !notServed.has(resolution)
    })
    expect(problems).toEqual([])
  })

  test('installs alone into an empty project, where exports load, commands answer and the README example runs', async () => {
    const { pkg } = packed.get(short)!
    const project = join(temporary, short, 'project')
    createProject(project)
    await install(project, [short])
    const imports = codeExports(pkg).map(({ subpath }) => `await import('${importName(pkg, subpath)}')`)
    writeFileSync(join(project, 'imports.mjs'), imports.join('\n'))
    await execute(process.execPath, ['imports.mjs'], project)
    for (const command of Object.keys(pkg.manifest.bin ?? {})) {
      await execute(join(project, 'node_modules/.bin', command), ['--help'], project)
    }
    const example = exampleOf(short)
    if (example === undefined) return
    writeFileSync(join(project, 'example.ts'), example)
    const named = importsOf(join(project, 'example.ts')).map(({ specifier }) => packageOf(specifier))
    const others = published.filter(
      ({ manifest }) => named.includes(manifest.name) && manifest.name !== pkg.manifest.name,
    )
    if (others.length > 0) await install(project, [short, ...others.map((other) => other.short)])
    await execute(process.execPath, ['example.ts'], project)
  })
})

test('all packages install together, and the example of the main README runs', async () => {
  const example = fencesOf(join(root, 'README.md')).find(({ runnable }) => runnable)
  if (example === undefined)
    throw new Error('README.md: put <!-- example --> before the fence that shows the packages together')
  const project = join(temporary, 'all')
  createProject(project)
  await install(
    project,
    published.map(({ short }) => short),
  )
  writeFileSync(join(project, 'example.ts'), example.code)
  await execute(process.execPath, ['example.ts'], project)
})

// the examples may read the small checkpoints by their paths in the repository
function createProject(project: string): void {
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n')
  for (const name of ['models', 'fixtures']) symlinkSync(join(root, name), join(project, name))
}

/** Installs packages and those they depend on from their tarballs; the rest comes from the registry. */
async function install(project: string, shorts: readonly string[]): Promise<void> {
  const found = new Set<string>()
  for (const short of shorts) closure(short, found)
  const tarballs = [...found].map((name) => packed.get(name)!.tarball)
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--loglevel=error']
  await execute('npm', ['install', ...quiet, ...tarballs], project)
}

function closure(short: string, found: Set<string>): void {
  found.add(short)
  for (const name of Object.keys(packed.get(short)!.npm.manifest.dependencies ?? {})) {
    const dependency = name.startsWith('@retnet/') ? basename(name) : undefined
    if (dependency !== undefined && !found.has(dependency)) closure(dependency, found)
  }
}

/** The fence marked with `<!-- example -->`, or else the first one in TypeScript or JavaScript. */
function exampleOf(short: string): string | undefined {
  const readme = join(packed.get(short)!.pkg.folder, 'README.md')
  const fences = existsSync(readme) ? fencesOf(readme) : []
  return (fences.find(({ runnable }) => runnable) ?? fences.find(({ language }) => /^(ts|js)$/.test(language)))?.code
}

// a script counts as used when a reached script names it: imports, workers and `new URL` alike
function reachableScripts(folder: string, entries: readonly string[]): Set<string> {
  const reached = new Set<string>()
  const visit = (file: string): void => {
    if (reached.has(file) || !existsSync(join(folder, file))) return
    reached.add(file)
    for (const [, path] of readFileSync(join(folder, file), 'utf8').matchAll(/["'](\.{1,2}\/[^"'\s]+\.js)["']/g)) {
      visit(join(dirname(file), path))
    }
  }
  for (const entry of entries) visit(entry)
  return reached
}

function arrayBuffer(file: string): ArrayBuffer {
  return new Uint8Array(readFileSync(file)).buffer
}
