import { crc32 } from './crc32.js'
import { type Snapshot, type SnapshotBlock, type SnapshotHeader, magic, preambleBytes, version } from './format.js'

/** The bytes of a snapshot. The same snapshot always gives the same bytes. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const parts = Object.entries(snapshot.tensors).map(([name, tensor]) => ({
    name,
    tensor,
    bytes: bytesOf(tensor.data),
  }))
  const blocks = parts.map(({ name, tensor, bytes }): SnapshotBlock => {
    const dtype = tensor.data instanceof Int32Array ? 'i32' : 'f32'
    return { name, dtype, shape: tensor.shape, bytes: bytes.length, crc32: crc32(bytes) }
  })
  const header: SnapshotHeader = { identity: snapshot.identity, position: snapshot.position, blocks }
  const headerBytes = new TextEncoder().encode(JSON.stringify(header))
  const total = blocks.reduce((sum, block) => sum + block.bytes, preambleBytes + headerBytes.length)
  const result = new Uint8Array(total)
  result.set(magic)
  const view = new DataView(result.buffer)
  view.setUint32(8, version, true)
  view.setUint32(12, headerBytes.length, true)
  view.setUint32(16, crc32(headerBytes), true)
  result.set(headerBytes, preambleBytes)
  let at = preambleBytes + headerBytes.length
  for (const { bytes } of parts) {
    result.set(bytes, at)
    at += bytes.length
  }
  return result
}

// every platform that runs this is little-endian, as WebAssembly and WebGPU require
function bytesOf(data: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
