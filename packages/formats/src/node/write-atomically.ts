/** Files that are either complete or not there (Node): temporary name, flush, rename, flush of the folder. */

/** Appends bytes to the file being written. */
export type Write = (bytes: Uint8Array) => Promise<void>

/** Runs `fill`, then renames the result to `path`. When anything fails, `path` stays as it was. */
export async function writeAtomically(path: string, fill: (write: Write) => Promise<void>): Promise<void> {
  const { open, rename, rm } = await import('node:fs/promises')
  const paths = await import('node:path')
  const folder = paths.dirname(path)
  const temporary = paths.join(folder, `.${paths.basename(path)}.${process.pid}.${crypto.randomUUID()}.tmp`)
  try {
    const handle = await open(temporary, 'wx')
    try {
      await fill((bytes) => handle.writeFile(bytes))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await flushFolder(folder)
}

/** Makes a rename in this folder survive a power cut. */
export async function flushFolder(folder: string): Promise<void> {
  // Windows cannot open folders, and makes renames durable by itself.
  if (process.platform === 'win32') return
  const { open } = await import('node:fs/promises')
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
