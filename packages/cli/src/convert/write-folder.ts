/** A folder that is either complete or not there: filled under a temporary name, then renamed. */
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { CommandError } from '../errors.js'

export interface FolderOptions {
  /** Replace a model that is there already. */
  readonly force: boolean
  /** Where the model comes from: that folder is never replaced. */
  readonly source: string
}

/** Throws before `fill` for a target that may not be written; when `fill` throws, nothing is left of it. */
export async function writeFolder(
  path: string,
  options: FolderOptions,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const target = resolve(path)
  await requireTarget(path, target, options)
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.${crypto.randomUUID()}.tmp`)
  await mkdir(temporary, { recursive: true })
  try {
    await fill(temporary)
    // looked at again: filling takes long
    await requireTarget(path, target, options)
    await replace(temporary, target)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
}

async function requireTarget(path: string, target: string, { force, source }: FolderOptions): Promise<void> {
  const found = await stat(target).catch(() => undefined)
  if (!found) return
  if (target === resolve(source)) {
    throw new CommandError(`${path}: this is the model itself.`, 'Give another folder with --out.')
  }
  if (!force) {
    throw new CommandError(`${path}: it exists already.`, 'Give another folder with --out, or replace it with --force.')
  }
  const isModel = await stat(join(target, 'config.json')).catch(() => undefined)
  if (found.isDirectory() && isModel) return
  const fix = 'Remove it yourself, or give another folder with --out.'
  throw new CommandError(
    `${path}: it is no model folder (there is no config.json), so --force does not replace it.`,
    fix,
  )
}

async function replace(temporary: string, target: string): Promise<void> {
  const old = `${temporary}.old`
  const had = await rename(target, old).then(
    () => true,
    () => false,
  )
  try {
    await rename(temporary, target)
  } catch (error) {
    if (had) await rename(old, target)
    throw error
  }
  if (had) await rm(old, { recursive: true, force: true })
}
