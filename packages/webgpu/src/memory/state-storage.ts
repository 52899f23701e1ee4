/** How the numbers of a state are held on the device. The host sees f32 either way, so snapshots do not depend on it. */
import { type TensorType, halfToNumber, sizeOf } from '@retnet/core'

export type StateDtype = 'f32' | 'f16'

/** States of retention, [B, H, Dk, Dv], are held in halves if that is asked for; kernels read four at a time. */
export function inHalves({ dtype, shape }: TensorType, stateDtype: StateDtype): boolean {
  return stateDtype === 'f16' && dtype === 'f32' && shape.length === 4 && shape[3] % 4 === 0
}

export function storedBytes(shape: readonly number[], half: boolean): number {
  return sizeOf(shape) * (half ? 2 : 4)
}

let numbers: Float32Array | null = null

export function fromHalves(halves: Uint16Array): Float32Array {
  numbers ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfToNumber(bits))
  const result = new Float32Array(halves.length)
  for (let at = 0; at < halves.length; at++) result[at] = numbers[halves[at]]
  return result
}

/** Nearest halves, ties to even; what is too large becomes the largest number, NaN stays NaN: as kernels store them. */
export function toHalves(data: Float32Array): Uint16Array {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length)
  return Uint16Array.from(bits, halfBits)
}

const largest = 0x7bff

function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const size = bits & 0x7fffffff
  if (size > 0x7f800000) return sign | 0x7e00
  // below 2^-14 a half counts in steps of 2^-24
  if (size < 0x38800000) return sign | subnormal(size)
  const rounded = (size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13
  return sign | Math.min(rounded, largest)
}

const float = new Float32Array(1)
const floatBits = new Uint32Array(float.buffer)

function subnormal(size: number): number {
  floatBits[0] = size
  // adding 0.5 leaves steps of 2^-24 in float32, and rounds as float32 does
  float[0] += 0.5
  return floatBits[0] - 0x3f000000
}
