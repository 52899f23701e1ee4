/** The safetensors header: parsed and checked in full before any tensor is read. Nothing is allocated from its numbers. */
import { JsonError, quote, SafetensorsError, UnsupportedFileError, type SafetensorsProblem } from '../errors.js'
import type { ByteSource, ReadOptions } from '../sources/byte-source.js'
import { dtypeBytes, dtypes, isDtype } from './dtype.js'
import { isObject, parseStrictJson } from './strict-json.js'
import type { TensorInfo } from './tensor-file.js'

/** The limit of the reference implementation. */
export const maxHeaderBytes = 100_000_000
export const maxTensors = 100_000

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>
  /** In the order of their bytes in the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>
}

export async function readHeader(source: ByteSource, options?: ReadOptions): Promise<SafetensorsHeader> {
  const file = source.name
  if (source.size < 8) throw fail(file, 'truncated', `expected at least 8 bytes, got ${source.size}.`, redownload)
  const prefix = await source.read(0, 8, options)
  const length = headerLength(file, source.size, prefix)
  const text = decodeHeader(file, await source.read(8, length, options))
  return parseHeader(file, text, 8 + length, source.size)
}

const redownload = 'Download or copy it again.'

function headerLength(file: string, size: number, prefix: Uint8Array): number {
  const view = new DataView(prefix.buffer, prefix.byteOffset, 8)
  const length = Number(view.getBigUint64(0, true))
  if (length > maxHeaderBytes || length > size - 8) refusePickle(file, prefix)
  if (length > maxHeaderBytes) {
    const message = `expected a header of at most ${maxHeaderBytes} bytes, got ${length}.`
    throw fail(file, 'header-length', message, 'This is probably no safetensors file.')
  }
  if (length > size - 8) {
    throw fail(
      file,
      'header-length',
      `the header is said to take ${length} bytes, the file has ${size - 8}.`,
      redownload,
    )
  }
  return length
}

/** Zip and pickle magic numbers: what `torch.save` writes, under whatever name. */
function refusePickle(file: string, prefix: Uint8Array): void {
  const zip = prefix[0] === 0x50 && prefix[1] === 0x4b && prefix[2] === 3 && prefix[3] === 4
  const pickle = prefix[0] === 0x80 && prefix[1] >= 2 && prefix[1] <= 5
  if (zip || pickle) throw pickleError(file)
}

/** The refusal of a pickled checkpoint, with the way out. */
export function pickleError(file: string): UnsupportedFileError {
  return new UnsupportedFileError(
    file,
    'this is a pickled PyTorch checkpoint, which can run code when it is loaded, and is refused',
    "Convert it once in Python: `from safetensors.torch import save_file; save_file(torch.load('checkpoint.pt', " +
      "weights_only=True), 'model.safetensors')`, or `model.save_pretrained(folder, safe_serialization=True)`.",
  )
}

function decodeHeader(file: string, bytes: Uint8Array): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw fail(file, 'header-text', 'the header is not valid UTF-8.', redownload)
  }
  if (!text.startsWith('{')) throw fail(file, 'header-text', 'the header does not begin with "{".', redownload)
  return text
}

function parseHeader(file: string, text: string, dataStart: number, fileBytes: number): SafetensorsHeader {
  const entries = Object.entries(parseText(file, text))
  const metadata = readMetadata(file, entries.find(([name]) => name === '__metadata__')?.[1])
  const tensors = entries
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => readEntry(file, name, entry, dataStart, fileBytes))
    .toSorted((a, b) => a.offset - b.offset || a.bytes - b.bytes)
  checkLayout(file, tensors, dataStart, fileBytes)
  return { metadata, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) }
}

function parseText(file: string, text: string): Record<string, unknown> {
  const limits = { file, maxDepth: 3, maxKeys: maxTensors }
  try {
    const value = parseStrictJson(text, limits, {
      onDuplicate: (name, depth) =>
        depth === 1
          ? fail(file, 'duplicate-name', 'appears twice in the header.', 'Write the file again.', name)
          : fail(
              file,
              'duplicate-name',
              `the key ${quote(name)} appears twice in one header entry.`,
              'Write the file again.',
            ),
      onTooManyKeys: () =>
        fail(file, 'too-many-tensors', `more than ${maxTensors} tensors.`, 'Split the file into shards with an index.'),
    })
    if (isObject(value)) return value
  } catch (error) {
    if (error instanceof JsonError)
      throw fail(file, 'header-text', `the header is ${error.message.slice(file.length + 2)}`, redownload)
    throw error
  }
  throw fail(file, 'header-form', 'the header is not a JSON object.', redownload)
}

function readMetadata(file: string, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {}
  if (isObject(value) && Object.values(value).every((text) => typeof text === 'string')) {
    return value as Record<string, string>
  }
  throw fail(file, 'metadata', 'expected __metadata__ to map text to text.', 'Write the file again.')
}

function readEntry(file: string, name: string, entry: unknown, dataStart: number, fileBytes: number): TensorInfo {
  const bad = (problem: SafetensorsProblem, message: string) => fail(file, problem, message, redownload, name)
  if (!name.isWellFormed()) throw bad('header-text', 'the name is not valid Unicode.')
  if (!isObject(entry)) throw bad('header-form', 'expected an object with dtype, shape and data_offsets.')
  const unknown = Object.keys(entry).find((key) => !['dtype', 'shape', 'data_offsets'].includes(key))
  if (unknown !== undefined) throw bad('header-form', `unknown key ${quote(unknown)}.`)
  const { dtype, shape, data_offsets: offsets } = entry
  if (!isDtype(dtype)) throw bad('dtype', `expected a dtype of ${dtypes.join(', ')}, got ${describe(dtype)}.`)
  if (!isSizes(shape)) throw bad('shape', `expected a shape of non-negative integers, got ${describe(shape)}.`)
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw bad('offsets', `expected two non-negative integers as data_offsets, got ${describe(offsets)}.`)
  }
  const [begin, end] = offsets
  if (end < begin) throw bad('offsets', `data_offsets end at ${end}, before they begin at ${begin}.`)
  if (end > fileBytes - dataStart) {
    throw bad('offsets', `data_offsets end at ${end}, the file has ${fileBytes - dataStart} bytes of data.`)
  }
  const bytes = spanBytes(shape, dtypeBytes[dtype])
  if (bytes === undefined) throw bad('shape', `the shape ${describe(shape)} has more than 2^53 bytes.`)
  if (bytes !== end - begin) {
    throw bad('shape', `${dtype} ${describe(shape)} needs ${bytes} bytes, data_offsets span ${end - begin}.`)
  }
  return { name, dtype, shape, offset: dataStart + begin, bytes, file }
}

/** Bytes of a tensor, or undefined when they cannot be counted exactly. */
export function spanBytes(shape: readonly number[], elementBytes: number): number | undefined {
  let bytes = elementBytes
  for (const size of shape) {
    bytes *= size
    if (!Number.isSafeInteger(bytes)) return undefined
  }
  return bytes
}

function checkLayout(file: string, tensors: readonly TensorInfo[], dataStart: number, fileBytes: number): void {
  let end = dataStart
  let previous = ''
  for (const { name, offset, bytes } of tensors) {
    if (offset < end) throw fail(file, 'overlap', `overlaps ${quote(previous)}.`, redownload, name)
    if (offset > end) throw fail(file, 'gap', `${offset - end} unused bytes before it.`, redownload, name)
    end = offset + bytes
    previous = name
  }
  if (end === fileBytes) return
  const after = previous === '' ? undefined : previous
  throw fail(file, 'trailing-bytes', `${fileBytes - end} bytes after the last tensor.`, redownload, after)
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}

function describe(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}

function fail(
  file: string,
  problem: SafetensorsProblem,
  message: string,
  fix?: string,
  tensor?: string,
): SafetensorsError {
  return new SafetensorsError({ file, problem, message, fix, tensor })
}
