// Packs every published package once, with `pnpm pack` and with plain `npm pack`, and unpacks both for comparison.
import { existsSync, globSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { execute } from './execute.ts'
import { codeExports, published, readJson, type Manifest, type WorkspacePackage } from './workspace.ts'

export type Packed = {
  readonly pkg: WorkspacePackage
  /** Path of the tarball that `npm pack` makes. */
  readonly tarball: string
  /** Contents of the tarballs: relative paths, and the manifest inside. */
  readonly npm: Unpacked
  readonly pnpm: Unpacked
}

export type Unpacked = { readonly folder: string; readonly files: readonly string[]; readonly manifest: Manifest }

export async function packAll(temporary: string): Promise<Map<string, Packed>> {
  const packed = await Promise.all(published.map((pkg) => pack(pkg, join(temporary, pkg.short))))
  return new Map(packed.map((one) => [one.pkg.short, one]))
}

async function pack(pkg: WorkspacePackage, folder: string): Promise<Packed> {
  const missing = codeExports(pkg).find(({ targets }) => !existsSync(join(pkg.folder, targets.default)))
  if (missing) throw new Error(`${pkg.short}: ${missing.targets.default} is not built. Run pnpm build, or npm test.`)
  const [npm, pnpm] = await Promise.all(['npm', 'pnpm'].map((tool) => packWith(tool, pkg, join(folder, tool))))
  return { pkg, tarball: npm.tarball, npm: npm.unpacked, pnpm: pnpm.unpacked }
}

async function packWith(tool: string, pkg: WorkspacePackage, destination: string) {
  mkdirSync(destination, { recursive: true })
  await execute(tool, ['pack', '--pack-destination', destination], pkg.folder)
  const tarball = globSync('*.tgz', { cwd: destination }).map((name) => join(destination, basename(name)))[0]
  await execute('tar', ['-xzf', tarball], destination)
  const folder = join(destination, 'package')
  const files = globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
  const manifest = readJson(join(folder, 'package.json')) as Manifest
  return { tarball, unpacked: { folder, files, manifest } }
}
