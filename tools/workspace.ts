// What the guards know about the packages: folders, manifests and source files. Reads files only; runs nothing.
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..')

export type ExportTargets = { readonly '@retnet/source': string; readonly types: string; readonly default: string }

export type Manifest = {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, ExportTargets | string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export type WorkspacePackage = { readonly folder: string; readonly short: string; readonly manifest: Manifest }

/** Every folder of packages/ that has a package.json, private ones included. */
export const packages: readonly WorkspacePackage[] = readdirSync(join(root, 'packages'))
  .map((short) => ({ short, folder: join(root, 'packages', short) }))
  .filter(({ folder }) => existsSync(join(folder, 'package.json')))
  .map((found) => ({ ...found, manifest: readJson(join(found.folder, 'package.json')) as Manifest }))

/** The packages that are published. */
export const published = packages.filter(({ manifest }) => manifest.private !== true)

/** The exports of a package which are code: { subpath: './x', targets }. */
export function codeExports({ manifest }: WorkspacePackage): { subpath: string; targets: ExportTargets }[] {
  return Object.entries(manifest.exports).flatMap(([subpath, targets]) =>
    typeof targets === 'string' ? [] : [{ subpath, targets }],
  )
}

/** How users import it: @retnet/core, @retnet/core/sub. */
export function importName({ manifest }: WorkspacePackage, subpath: string): string {
  return manifest.name + subpath.slice(1)
}

/** Absolute paths of the TypeScript sources of a package; `x.test.ts` and `testing.ts` or `testing/`, the helpers of tests, are apart. */
export function sourceFiles({ folder }: WorkspacePackage, kind: 'library' | 'test'): string[] {
  return globSync('src/**/*.ts', { cwd: folder })
    .filter((file) => /\.test\.ts$|(^|\/)testing(\.ts$|\/)/.test(file) === (kind === 'test'))
    .map((file) => join(folder, file))
    .sort()
}

/** A path as a reader knows it: relative to the repository. */
export function shown(path: string): string {
  return relative(root, path)
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}
