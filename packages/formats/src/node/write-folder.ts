/** Folders that are either complete or not there (Node): filled under a temporary name beside the place, then renamed. */
import { OptionError } from '../errors.js'
import { flushFolder } from './write-atomically.js'

/** Runs `fill` with a temporary folder and renames it to `path`, which must be new or an empty folder. When anything fails, nothing is left. */
export async function writeFolder(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const { mkdir, rename, rm, rmdir } = await import('node:fs/promises')
  const paths = await import('node:path')
  const target = paths.resolve(path)
  const parent = paths.dirname(target)
  const exists = await requireFree(target)
  await mkdir(parent, { recursive: true })
  const temporary = paths.join(parent, `.${paths.basename(target)}.${process.pid}.${crypto.randomUUID()}.tmp`)
  try {
    await mkdir(temporary)
    await fill(temporary)
    await flushFolder(temporary)
    if (exists) await rmdir(target)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
  await flushFolder(parent)
}

/** True when there is an empty folder, false when there is nothing; throws OptionError for anything else. */
async function requireFree(path: string): Promise<boolean> {
  const { readdir } = await import('node:fs/promises')
  const entries = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    if (error.code === 'ENOTDIR') return [path]
    throw error
  })
  if (entries === null || entries.length === 0) return entries !== null
  const fix = 'Give a new path, or delete what is there.'
  throw new OptionError('path', `expected a new or empty folder, but ${path} is not empty.`, fix)
}
