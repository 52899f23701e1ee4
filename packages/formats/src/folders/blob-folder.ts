/** A model folder made of blobs: files that a user chose or dropped in a browser, or blobs in memory. */
import { SourceError } from '../errors.js'
import { blobSource } from '../sources/blob-source.js'
import { modelFolder, type ModelFolder } from './model-folder.js'

/**
 * Wraps chosen files. From `<input type="file" webkitdirectory>` the chosen folder itself is dropped from the names, so
 * `my-model/config.json` is `config.json`.
 */
export function blobFolder(
  files: ReadonlyMap<string, Blob> | Iterable<File> | ArrayLike<File>,
  name = 'files',
): ModelFolder {
  const blobs =
    files instanceof Map ? (files as ReadonlyMap<string, Blob>) : byPath(Array.from(files as Iterable<File>))
  const list = async () => [...blobs.keys()].toSorted()
  return modelFolder(name, list, async (file) => {
    const blob = blobs.get(file)
    if (blob) return blobSource(blob, `${name}/${file}`)
    throw new SourceError(
      `${name}/${file}`,
      'not-found',
      `no such file among ${blobs.size}.`,
      'Choose the whole folder.',
    )
  })
}

function byPath(files: readonly File[]): ReadonlyMap<string, Blob> {
  const paths = files.map((file) => file.webkitRelativePath || file.name)
  const top = paths[0]?.split('/')[0]
  const shared = paths.length > 0 && paths.every((path) => path.startsWith(`${top}/`))
  return new Map(files.map((file, i) => [shared ? paths[i].slice(top.length + 1) : paths[i], file]))
}
