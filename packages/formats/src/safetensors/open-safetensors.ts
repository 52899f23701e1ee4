/** One safetensors file, opened by its header and read one tensor at a time. */
import type { ByteSource, ReadOptions } from '../sources/byte-source.js'
import { readHeader } from './header.js'
import {
  findTensor,
  floatDtypes,
  integerDtypes,
  requireDtype,
  toFloat32,
  toInt32,
  type TensorFile,
  type TensorInfo,
} from './tensor-file.js'

export interface SafetensorsFile extends TensorFile {
  readonly source: ByteSource
}

/**
 * Reads and checks the header. The file owns the source from here on and disposes it, also when this throws.
 *
 * @throws SafetensorsError when the file breaks the format in any way; the message names the tensor.
 */
export async function openSafetensors(source: ByteSource, options?: ReadOptions): Promise<SafetensorsFile> {
  try {
    const { metadata, tensors } = await readHeader(source, options)
    return safetensorsFile(source, metadata, tensors)
  } catch (error) {
    source.dispose()
    throw error
  }
}

function safetensorsFile(
  source: ByteSource,
  metadata: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, TensorInfo>,
): SafetensorsFile {
  const read = async (info: TensorInfo, options?: ReadOptions) =>
    aligned(await source.read(info.offset, info.bytes, options))
  const find = (tensor: string) => findTensor(source.name, tensors, tensor)
  const dispose = () => source.dispose()
  return {
    name: source.name,
    source,
    metadata,
    tensors,
    read: async (tensor, options) => read(find(tensor), options),
    readFloat32: async (tensor, options) => {
      const info = find(tensor)
      requireDtype(info, floatDtypes)
      return toFloat32(info, await read(info, options))
    },
    readInt32: async (tensor, options) => {
      const info = find(tensor)
      requireDtype(info, integerDtypes)
      return toInt32(info, await read(info, options))
    },
    dispose,
    [Symbol.dispose]: dispose,
  }
}

// A view into a larger buffer may start anywhere, and typed arrays need aligned starts.
// Float32 and Int32 results alias these bytes, so a view is copied even when it happens to be aligned.
function aligned(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
}
