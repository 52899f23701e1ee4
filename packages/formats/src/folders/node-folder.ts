/** A model folder on disk (Node). Links may not lead out of it. */
import { SourceError, UnsafePathError } from '../errors.js'
import { openFile } from '../sources/file-source.js'
import { modelFolder, type ModelFolder } from './model-folder.js'

/** Opens a folder. Its sub-folders are reachable by name (`weights/a.safetensors`) but only its own files are listed. */
export async function nodeFolder(path: string): Promise<ModelFolder> {
  const { readdir, realpath, stat } = await import('node:fs/promises')
  const paths = await import('node:path')
  const folder = paths.resolve(path)
  const found = await stat(folder).catch(() => undefined)
  if (!found) throw new SourceError(path, 'not-found', 'no such folder.', 'Check the path.')
  if (!found.isDirectory()) {
    throw new SourceError(
      path,
      'not-a-file',
      'expected a folder, got a file.',
      'Give the folder that holds config.json.',
    )
  }
  const real = await realpath(folder)
  // The cache of the Python hub client keeps links in <repository>/snapshots/<commit> to <repository>/blobs.
  const root = paths.basename(paths.dirname(real)) === 'snapshots' ? paths.dirname(paths.dirname(real)) : real
  const list = async () => {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => entry.name)
      .toSorted()
  }
  return modelFolder(folder, list, async (file) => {
    const full = paths.join(folder, file)
    const target = await realpath(full).catch(() => full)
    const inside = target.startsWith(root + paths.sep) || target.startsWith(folder + paths.sep)
    if (!inside) throw new UnsafePathError(file, `it is a link to ${target}, outside the folder`)
    return openFile(full)
  })
}
