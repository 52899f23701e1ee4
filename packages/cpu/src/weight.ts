/** Weights in linear memory, in the layout that the kernels read. */
import { DisposedError, isQuantized, q4BlockBytes, requireWeight, sizeOf, weightBlockSize } from '@retnet/core'
import type { DeviceWeight, TensorType, WeightData, WeightEncoding } from '@retnet/core'
import type { Engine } from './memory/engine.js'

/** Where a weight lies and how its rows follow one another. */
export interface WeightLayout {
  readonly encoding: WeightEncoding
  readonly address: number
  readonly bytes: number
  /** Elements from row to row, in whole blocks for q8 and q4, whose rows lie in groups of four. */
  readonly rowStride: number
  readonly scales: number
  readonly scaleStride: number
}

export class CpuWeight implements DeviceWeight {
  readonly type: TensorType
  readonly encoding: WeightEncoding
  readonly layout: WeightLayout
  readonly engine: Engine
  #users = 1
  #disposed = false

  constructor(engine: Engine, weight: WeightData) {
    requireWeight(weight)
    this.engine = engine
    this.type = weight.type
    this.encoding = weight.encoding
    this.layout = place(engine, weight)
  }

  get bytes(): number {
    return this.layout.bytes
  }

  get alive(): boolean {
    return !this.#disposed
  }

  /** A program uses the weight: its memory stays until `release`, even if the owner disposes of it before. */
  retain(): void {
    if (this.#disposed) throw new DisposedError('a weight')
    this.#users++
  }

  release(): void {
    if (--this.#users === 0) this.engine.free(this.layout.address)
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.release()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/** [rows, columns] of a weight: all axes but the last, and the last. */
export function rowsOf(type: TensorType): [rows: number, columns: number] {
  const columns = type.shape.at(-1) ?? 1
  return [columns === 0 ? 0 : sizeOf(type.shape) / columns, columns]
}

function place(engine: Engine, weight: WeightData): WeightLayout {
  if (weight.encoding === 'f32') return placeFloats(engine, weight.data as Float32Array, weight.type)
  if (isQuantized(weight.encoding)) return placeBlocks(engine, weight)
  const halves = weight.data as Uint16Array
  // The kernels widen finite halves only; the rare weight with others is kept as float32.
  if (halves.some((bits) => (bits & 0x7c00) === 0x7c00))
    return placeFloats(engine, Float32Array.from(halves, widen), weight.type)
  const address = engine.allocate(halves.byteLength, what(weight.type, 'f16'))
  engine.bytes(address, halves.byteLength).set(new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength))
  const [, columns] = rowsOf(weight.type)
  return { encoding: 'f16', address, bytes: halves.byteLength, rowStride: columns, scales: 0, scaleStride: 0 }
}

function placeFloats(engine: Engine, data: Float32Array, type: TensorType): WeightLayout {
  const address = engine.allocate(data.byteLength, what(type, 'f32'))
  engine.floats(address, data.length).set(data)
  return { encoding: 'f32', address, bytes: data.byteLength, rowStride: rowsOf(type)[1], scales: 0, scaleStride: 0 }
}

/**
 * Four rows side by side, block by block: [rows / 4, blocks, 4, bytes of a block], and scales [rows / 4, blocks, 4]; missing numbers are zeros.
 * So a product with few rows of activations reads the weight from its first byte to its last.
 */
function placeBlocks(engine: Engine, { type, encoding, data, scales }: WeightData): WeightLayout {
  const [rows, columns] = rowsOf(type)
  const blocks = Math.ceil(columns / weightBlockSize)
  const blockBytes = encoding === 'q8' ? weightBlockSize : q4BlockBytes
  const count = Math.ceil(rows / 4) * 4 * blocks
  const bytes = count * (blockBytes + 4)
  const address = engine.allocate(bytes, what(type, encoding))
  const target = engine.bytes(address, count * blockBytes)
  const factors = engine.floats(address + target.length, count)
  // bits of 8 are a zero of q4; its scale is zero besides
  target.fill(0)
  factors.fill(0)
  const source = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const rowBytes = encoding === 'q8' ? columns : blocks * q4BlockBytes
  const copyBlock = encoding === 'q8' ? copyByteBlock : copyNibbleBlock
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < blocks; block++) {
      const to = groupedBlock(row, block, blocks)
      const from = row * rowBytes + block * blockBytes
      copyBlock(source, from, Math.min(from + blockBytes, (row + 1) * rowBytes), target, to * blockBytes)
      factors[to] = scales![row * blocks + block]
    }
  }
  const rowStride = blocks * weightBlockSize
  return { encoding, address, bytes, rowStride, scales: address + target.length, scaleStride: blocks }
}

/** Number of a block in the order in which they lie in memory. */
export function groupedBlock(row: number, block: number, blocks: number): number {
  return ((row >> 2) * blocks + block) * 4 + (row & 3)
}

function copyByteBlock(source: Uint8Array, from: number, end: number, target: Uint8Array, to: number): void {
  while (from < end) target[to++] = source[from++]
}

/** Byte k holds element k in its low half and element k + 16 in its high half. */
function copyNibbleBlock(source: Uint8Array, from: number, _: number, target: Uint8Array, to: number): void {
  const half = q4BlockBytes / 2
  for (let pair = 0; pair < half; pair++) {
    const [first, second] = [source[from + pair], source[from + half + pair]]
    target[to++] = (first & 15) | ((second & 15) << 4)
    target[to++] = (first >> 4) | (second & 0xf0)
  }
}

function what(type: TensorType, encoding: WeightEncoding): string {
  return `weight ${encoding} [${type.shape.join(', ')}]`
}

/** The number that IEEE binary16 bits stand for. */
export function widen(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
