// Who may import whom. The table is the architecture; a failure names the file, the import and the rule.
import { existsSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exportedNames, importsOf, packageOf, type Import } from './imports.ts'
import { packages, shown, sourceFiles, type WorkspacePackage } from './workspace.ts'

/** A package that is not listed here may import no other package of the workspace. 'types' allows `import type` only. */
const arrows: Record<string, Record<string, 'values' | 'types'> | 'everything'> = {
  core: {},
  tokenizer: {},
  formats: { core: 'values' },
  cpu: { core: 'values' },
  webgpu: { core: 'values' },
  onnx: { core: 'values' },
  generate: { core: 'types' },
  train: { core: 'values' },
  serve: { generate: 'values', core: 'values' },
  conformance: { core: 'values' },
  cli: 'everything',
}

/** Backends execute graphs; they must not know which model a graph came from. */
const backends = ['cpu', 'webgpu', 'onnx']

function imports(pkg: WorkspacePackage): { file: string; found: Import }[] {
  return sourceFiles(pkg, 'library').flatMap((file) => importsOf(file).map((found) => ({ file, found })))
}

describe.each(packages.map((pkg) => [pkg.short, pkg] as const))('imports of %s', (short, pkg) => {
  test('follow the arrows of the architecture', () => {
    const allowed = arrows[short] ?? {}
    const wrong = imports(pkg).flatMap(({ file, found }) => {
      const name = packageOf(found.specifier)
      if (!name.startsWith('@retnet/') || allowed === 'everything' || name === pkg.manifest.name) return []
      const rule = allowed[name.slice('@retnet/'.length)]
      if (rule === 'values' || (rule === 'types' && found.kind === 'type')) return []
      return [`${shown(file)} imports ${found.specifier}${rule === 'types' ? ' for more than types' : ''}`]
    })
    expect(wrong, `${short} may import ${JSON.stringify(allowed)}: move the code, do not add an arrow`).toEqual([])
  })

  test('stay inside the package', () => {
    const escapes = imports(pkg)
      .filter(({ found }) => found.specifier.startsWith('.'))
      .filter(({ file, found }) => !resolve(dirname(file), found.specifier).startsWith(pkg.folder + sep))
      .map(({ file, found }) => `${shown(file)} imports ${found.specifier}`)
    expect(escapes, 'import another package by its name, so that this one can be installed alone').toEqual([])
  })

  test('form no circle', () => {
    expect(circles(pkg), 'take the part that both files need into a third file').toEqual([])
  })

  test('are declared in package.json, and everything declared is imported', () => {
    const { dependencies, peerDependencies, optionalDependencies } = pkg.manifest
    const declared = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })
    const used = new Set(imports(pkg).map(({ found }) => packageOf(found.specifier)))
    const outside = [...used].filter((name) => !/^(\.|node:)/.test(name) && name !== pkg.manifest.name)
    const undeclared = outside.filter((name) => !declared.includes(name) && !isTestHelper(pkg, name))
    expect(undeclared, `add these to the dependencies of ${short}`).toEqual([])
    // an empty package has its dependencies ahead of its code
    const unused = used.size === 0 ? [] : declared.filter((name) => !used.has(name) && !isOptionalPeer(pkg, name))
    expect(unused, `${short} declares dependencies that no source file imports: remove them`).toEqual([])
  })
})

test.each(packages.filter(({ short }) => backends.includes(short)).map((pkg) => [pkg.short, pkg] as const))(
  '%s does not know the model: it imports nothing that core/src/model exports',
  (_short, pkg) => {
    const model = modelNames()
    const wrong = imports(pkg)
      .filter(({ found }) => packageOf(found.specifier) === '@retnet/core')
      .flatMap(({ file, found }) =>
        found.names.filter((name) => model.has(name) || name === '*').map((name) => `${shown(file)} imports ${name}`),
      )
    expect(
      wrong,
      'a backend gets everything from the graph; only apps, examples and the cli join model and backend',
    ).toEqual([])
  },
)

// conformance runs inside vitest, which the repository itself provides
function isTestHelper(pkg: WorkspacePackage, name: string): boolean {
  return pkg.manifest.private === true && Object.hasOwn(pkg.manifest.devDependencies ?? {}, name)
}

// its name is hidden from bundlers, which would fail where it is not installed, and so from the scanner too
function isOptionalPeer({ manifest }: WorkspacePackage, name: string): boolean {
  return manifest.peerDependenciesMeta?.[name]?.optional === true
}

function modelNames(): Set<string> {
  const core = packages.find(({ short }) => short === 'core')!
  const files = sourceFiles(core, 'library').filter((file) => file.includes(join('core', 'src', 'model') + '/'))
  return new Set(files.flatMap(exportedNames))
}

// depth-first search; a circle is reported once, from where the search met it
function circles(pkg: WorkspacePackage): string[] {
  const done = new Set<string>()
  const found: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].map(shown).join(' -> '))
    if (path.includes(file) || done.has(file)) return
    for (const next of localImports(file)) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of sourceFiles(pkg, 'library')) visit(file, [])
  return found
}

function localImports(file: string): string[] {
  return importsOf(file)
    .filter(({ specifier, kind }) => specifier.startsWith('.') && kind !== 'type')
    .map(({ specifier }) => resolve(dirname(file), specifier.replace(/\.js$/, '.ts')))
    .filter((path) => existsSync(path))
}
