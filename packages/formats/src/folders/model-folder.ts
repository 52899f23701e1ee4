/** The files of one model by name, wherever they live. It says nothing of what they mean. */
import { JsonError, SourceError, UnsafePathError } from '../errors.js'
import { parseStrictJson } from '../safetensors/strict-json.js'
import type { ByteSource, ReadOptions } from '../sources/byte-source.js'

export interface ModelFolder {
  readonly name: string
  /** Names of the files, relative to the folder, sorted. A folder behind a URL lists the usual names that exist. */
  list(options?: ReadOptions): Promise<readonly string[]>
  /** Opens a file; the caller disposes it. A missing file is a `SourceError` with problem `not-found`. */
  open(file: string, options?: ReadOptions): Promise<ByteSource>
  /** A whole text file in UTF-8. Files larger than `maxBytes` (default 64 MiB) are refused. */
  readText(file: string, maxBytes?: number, options?: ReadOptions): Promise<string>
}

const defaultTextBytes = 64 * 1024 * 1024

/** Completes a folder from its two primitives: guards the names and reads text. */
export function modelFolder(
  name: string,
  list: ModelFolder['list'],
  openChecked: (file: string, options?: ReadOptions) => Promise<ByteSource>,
): ModelFolder {
  const open: ModelFolder['open'] = async (file, options) => {
    checkFileName(file)
    return openChecked(file, options)
  }
  return {
    name,
    list,
    open,
    async readText(file, maxBytes = defaultTextBytes, options = {}) {
      const source = await open(file, options)
      return readSourceText(source, maxBytes, options).finally(() => source.dispose())
    },
  }
}

/** Parses a JSON file of a folder; duplicate keys and absurd nesting are refused. */
export async function readJson(
  folder: ModelFolder,
  file: string,
  options: ReadOptions & { maxBytes?: number } = {},
): Promise<unknown> {
  const text = await folder.readText(file, options.maxBytes, options)
  return parseStrictJson(text, { file: `${folder.name}/${file}`, maxDepth: 64, maxKeys: 2_000_000 })
}

/** Throws unless the name is relative and stays inside: `weights/a.safetensors` passes, `../a` and `/a` do not. */
export function checkFileName(file: string): void {
  if (file === '') throw new UnsafePathError(file, 'it is empty')
  if (file.includes('\0')) throw new UnsafePathError(file, 'it contains a NUL')
  if (file.includes('\\')) throw new UnsafePathError(file, 'it contains a backslash')
  if (file.startsWith('/')) throw new UnsafePathError(file, 'it is absolute')
  if (/^[a-z][a-z0-9+.-]*:/i.test(file)) throw new UnsafePathError(file, 'it begins with a drive or URL scheme')
  const parts = file.split('/')
  if (parts.some((part) => part === '..' || part === '.' || part === '')) {
    throw new UnsafePathError(file, 'it contains "..", "." or an empty part')
  }
}

async function readSourceText(source: ByteSource, maxBytes: number, options: ReadOptions): Promise<string> {
  if (source.size > maxBytes) {
    throw new SourceError(
      source.name,
      'out-of-range',
      `expected a text file of at most ${maxBytes} bytes, got ${source.size}.`,
      'This is probably not the file it is named after.',
    )
  }
  const bytes = await source.read(0, source.size, options)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new JsonError(source.name, 'is not valid UTF-8 text.', 'Download or copy it again.')
  }
}
