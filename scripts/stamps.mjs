// Stamps: short hashes of what an install or a build depends on. Files count by content (manifests) or by size and time (sources).
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './step.mjs'

const workspaceFolders = ['packages', 'apps']
const builtFrom = ['src', 'assembly', 'scripts', 'tsup.config.ts', 'tsconfig.build.json', 'package.json']
const skipped = new Set(['node_modules', 'dist', 'generated', '.turbo'])

export function stampMatches(file, stamp) {
  return existsSync(file) && readFileSync(file, 'utf8') === stamp
}

export function writeStamp(file, stamp) {
  writeFileSync(file, stamp)
}

/** Changes when the lockfile, a manifest or the platform changes, or when a package lost its node_modules. */
export function installStamp() {
  const manifests = workspacePackages().map((folder) => join(folder, 'package.json'))
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests]
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`)
  for (const file of files) hash.update(file).update(readFileSync(join(root, file)))
  for (const folder of workspacePackages()) hash.update(`${existsSync(join(root, folder, 'node_modules'))}`)
  return hash.digest('hex')
}

/** Changes when a file that a build reads changes, or when a built folder is missing. */
export function buildStamp() {
  const hash = createHash('sha256')
  for (const file of ['tsconfig.base.json', 'turbo.json', 'tools/tsup.ts', 'pnpm-lock.yaml']) addFile(hash, file)
  for (const folder of workspacePackages()) {
    for (const name of builtFrom) addTree(hash, join(folder, name))
    hash.update(`${folder} ${existsSync(join(root, folder, 'dist'))}`)
  }
  return hash.digest('hex')
}

function workspacePackages() {
  return workspaceFolders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
    .concat('examples', 'docs')
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .sort()
}

function addTree(hash, path) {
  const stats = statSync(join(root, path), { throwIfNoEntry: false })
  if (stats === undefined) return
  if (!stats.isDirectory()) {
    if (!path.endsWith('.test.ts')) addFile(hash, path, stats)
    return
  }
  const names = readdirSync(join(root, path)).filter((name) => !skipped.has(name))
  for (const name of names.sort()) addTree(hash, join(path, name))
}

function addFile(hash, path, stats = statSync(join(root, path))) {
  hash.update(`${path} ${stats.size} ${stats.mtimeMs}\n`)
}
