/** Reads a snapshot with suspicion: every length is checked against the bytes that are there before anything large is made. */
import { sizeOf } from '../contract/tensor.js'
import { SnapshotError } from '../errors/snapshot-error.js'
import { crc32 } from './crc32.js'
import {
  type Snapshot,
  type SnapshotBlock,
  type SnapshotHeader,
  type SnapshotTensor,
  magic,
  maxHeaderBytes,
  preambleBytes,
  version,
} from './format.js'

/** The snapshot in `bytes`, or a SnapshotError that says what is wrong with them. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const { header, dataStart } = decodeSnapshotHeader(bytes)
  const expected = header.blocks.reduce((sum, block) => sum + block.bytes, dataStart)
  if (bytes.length < expected) throw truncated(`${expected} bytes`, bytes.length)
  if (bytes.length > expected) {
    throw new SnapshotError(
      'trailing-bytes',
      `expected ${expected} bytes, got ${bytes.length}.`,
      'The file is not intact.',
    )
  }
  const tensors: Record<string, SnapshotTensor> = {}
  let at = dataStart
  for (const block of header.blocks) {
    tensors[block.name] = decodeBlock(bytes.subarray(at, at + block.bytes), block)
    at += block.bytes
  }
  return { identity: header.identity, position: header.position, tensors }
}

/** The header alone: enough to know whose snapshot it is and how large its state. */
export function decodeSnapshotHeader(bytes: Uint8Array): { header: SnapshotHeader; dataStart: number } {
  const intact = magic.slice(0, Math.min(bytes.length, magic.length)).every((byte, index) => bytes[index] === byte)
  if (!intact || bytes.length === 0) {
    throw new SnapshotError(
      'not-a-snapshot',
      'the bytes do not begin with the snapshot signature.',
      'Is this the right file?',
    )
  }
  if (bytes.length < preambleBytes) throw truncated(`a preamble of ${preambleBytes} bytes`, bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(8, true) !== version) {
    const found = view.getUint32(8, true)
    throw new SnapshotError('version', `expected version ${version}, got ${found}.`, 'Use the release that wrote it.')
  }
  const length = view.getUint32(12, true)
  if (length > maxHeaderBytes) throw new SnapshotError('header', `a header of ${length} bytes is not plausible.`)
  const dataStart = preambleBytes + length
  if (bytes.length < dataStart) throw truncated(`a header of ${length} bytes`, bytes.length)
  const headerBytes = bytes.subarray(preambleBytes, dataStart)
  if (crc32(headerBytes) !== view.getUint32(16, true)) throw corrupt('the header')
  return { header: parseHeader(headerBytes), dataStart }
}

function decodeBlock(bytes: Uint8Array, block: SnapshotBlock): SnapshotTensor {
  if (crc32(bytes) !== block.crc32) throw corrupt(`the block ${block.name}`)
  // a copy, so that the numbers are aligned and the caller's bytes stay its own
  const { buffer } = bytes.slice()
  const data = block.dtype === 'i32' ? new Int32Array(buffer) : new Float32Array(buffer)
  if (data instanceof Float32Array && !data.every(Number.isFinite)) {
    throw new SnapshotError(
      'not-finite',
      `the block ${block.name} holds infinite numbers or NaN.`,
      'The session had failed.',
    )
  }
  return { shape: block.shape, data }
}

function parseHeader(bytes: Uint8Array): SnapshotHeader {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new SnapshotError('header', 'the header is not JSON.')
  }
  if (!isHeader(header)) throw new SnapshotError('header', 'the header lacks a field or has one of a wrong type.')
  const names = new Set(header.blocks.map((block) => block.name))
  if (names.size < header.blocks.length) throw new SnapshotError('header', 'two blocks have the same name.')
  for (const block of header.blocks) {
    const expected = sizeOf(block.shape) * 4
    if (expected === block.bytes) continue
    throw new SnapshotError(
      'shape',
      `the block ${block.name} has ${block.bytes} bytes for [${block.shape.join(', ')}].`,
    )
  }
  return header
}

function isHeader(value: unknown): value is SnapshotHeader {
  const header = value as Partial<SnapshotHeader> | null
  const identity = header?.identity
  return (
    typeof identity?.spec === 'string' &&
    typeof identity.weights === 'string' &&
    (identity.tokenizer === undefined || typeof identity.tokenizer === 'string') &&
    isCount(header!.position) &&
    Array.isArray(header!.blocks) &&
    header!.blocks.every(isBlock)
  )
}

function isBlock(value: unknown): value is SnapshotBlock {
  const block = value as Partial<SnapshotBlock> | null
  return (
    typeof block?.name === 'string' &&
    (block.dtype === 'f32' || block.dtype === 'i32') &&
    Array.isArray(block.shape) &&
    block.shape.every(isCount) &&
    isCount(block.bytes) &&
    isCount(block.crc32)
  )
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function truncated(expected: string, actual: number): SnapshotError {
  return new SnapshotError('truncated', `expected ${expected}, got ${actual} bytes.`, 'Copy the file again.')
}

function corrupt(what: string): SnapshotError {
  return new SnapshotError('checksum', `the checksum of ${what} does not fit.`, 'The file is damaged: copy it again.')
}
