/**
 * Few rows of x times w^T for w in 4 bits. x is rounded to bytes, so that a product of 16 pairs is one instruction where the host has relaxed
 * SIMD; 4 bits are coarser by an order. The kernel takes the stored bits as they are, 0 to 15, and subtracts 8 times the sum of x.
 */
import { put4 } from './gemv'
import { arg, ptr, share } from './record'
import { madd, max4 } from './simd'

/** x [count] to bytes in blocks of 32, padded with zeros, with a scale and 8 times the sum of the bytes for each. */
export function quantizeBytes(x: usize, count: i32, target: usize, scales: usize, sums: usize): void {
  for (let k = 0; k < count; k += 32) {
    const wide = min(32, count - k)
    const from = x + (usize(k) << 2)
    const to = target + usize(k)
    const whole = wide & ~3
    let top = f32x4.splat(0)
    for (let i = 0; i < whole; i += 4) top = f32x4.max(top, f32x4.abs(v128.load(from + (usize(i) << 2))))
    let largest = max4(top)
    for (let i = whole; i < wide; i++) largest = max(largest, abs(load<f32>(from + (usize(i) << 2))))
    const inverse: f32 = largest > 0 ? 127 / largest : 0
    const factor = f32x4.splat(inverse)
    let sum = i32x4.splat(0)
    for (let i = 0; i < whole; i += 4) {
      const q = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(from + (usize(i) << 2)), factor)))
      const words = i16x8.narrow_i32x4_s(q, q)
      v128.store32_lane(to + usize(i), i8x16.narrow_i16x8_s(words, words), 0)
      sum = i32x4.add(sum, q)
    }
    let total = i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3)
    for (let i = whole; i < 32; i++) {
      const value = i < wide ? i32(nearest(load<f32>(from + (usize(i) << 2)) * inverse)) : 0
      store<i8>(to + usize(i), i8(value))
      total += value
    }
    store<f32>(scales + (usize(k >> 5) << 2), largest / 127)
    store<i32>(sums + (usize(k >> 5) << 2), 8 * total)
  }
}

// Record: rows, width, x, target (int8 [rows, blocks, 32]), scales [rows, blocks], sums [rows, blocks]
export function quantizeBytesKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const width = arg(r, 1)
  const blocks = usize((width + 31) >> 5)
  const end = share(arg(r, 0), 1, thread + 1, threads)
  for (let i = share(arg(r, 0), 1, thread, threads); i < end; i++) {
    const block = usize(i) * blocks
    const x = ptr(r, 2) + ((usize(i) * usize(width)) << 2)
    quantizeBytes(x, width, ptr(r, 3) + (block << 5), ptr(r, 4) + (block << 2), ptr(r, 5) + (block << 2))
  }
}

// Sum of 32 products of bits and bytes less `sum`, in four lanes. At most 4 * 15 * 127 a lane of 16 bits: no overflow.
@inline
function dotBlock(bits: v128, x0: v128, x1: v128, sum: v128, mask: v128, ones: v128): v128 {
  const low = v128.and(bits, mask)
  const high = v128.and(i16x8.shr_u(bits, 4), mask)
  if (ASC_FEATURE_RELAXED_SIMD) {
    const pairs = i16x8.add(i16x8.relaxed_dot_i8x16_i7x16_s(x0, low), i16x8.relaxed_dot_i8x16_i7x16_s(x1, high))
    return f32x4.convert_i32x4_s(i32x4.sub(i32x4.dot_i16x8_s(pairs, ones), sum))
  }
  const first = i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(x0), i16x8.extend_low_i8x16_u(low)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(x0), i16x8.extend_high_i8x16_u(low)),
  )
  const second = i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(x1), i16x8.extend_low_i8x16_u(high)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(x1), i16x8.extend_high_i8x16_u(high)),
  )
  return f32x4.convert_i32x4_s(i32x4.sub(i32x4.add(first, second), sum))
}

/**
 * Four rows of w, from a multiple of four on, times one x: their sums at column n. `nibble` is 0x0f and `one` is 1, passed because V8 builds a
 * constant anew in every turn of a loop.
 */
export function dotNibbles4(
  r: usize, m: i32, n: i32, x: usize, xScales: usize, xSums: usize, w: usize, scales: usize, blocks: i32, nibble: i32, one: i32,
): void {
  const mask = i8x16.splat(i8(nibble))
  const ones = i16x8.splat(i16(one))
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0
  for (let block = 0; block < blocks; block++) {
    const x0 = v128.load(x), x1 = v128.load(x, 16)
    const s = v128.load32_splat(xScales)
    const sum = v128.load32_zero(xSums)
    a0 = madd(dotBlock(v128.load(w), x0, x1, sum, mask, ones), f32x4.mul(s, v128.load32_splat(scales)), a0)
    a1 = madd(dotBlock(v128.load(w, 16), x0, x1, sum, mask, ones), f32x4.mul(s, v128.load32_splat(scales, 4)), a1)
    a2 = madd(dotBlock(v128.load(w, 32), x0, x1, sum, mask, ones), f32x4.mul(s, v128.load32_splat(scales, 8)), a2)
    a3 = madd(dotBlock(v128.load(w, 48), x0, x1, sum, mask, ones), f32x4.mul(s, v128.load32_splat(scales, 12)), a3)
    x += 32
    xScales += 4
    xSums += 4
    w += 64
    scales += 16
  }
  put4(r, m, n, a0, a1, a2, a3)
}

/** Columns n0 to n1 of the product of a record of `gemvKernel`; n0 is a multiple of four. */
export function gemvNibbles(r: usize, n0: i32, n1: i32): void {
  const rows = arg(r, 0)
  const blocks = (arg(r, 2) + 31) >> 5
  for (let n = n0; n < n1; n += 4) {
    const first = usize(n) * usize(blocks)
    const w = ptr(r, 4) + (first << 4)
    const scales = ptr(r, 7) + (first << 2)
    for (let m = 0; m < rows; m++) {
      const block = usize(m) * usize(blocks)
      const xScales = ptr(r, 11) + (block << 2)
      const xSums = ptr(r, 12) + (block << 2)
      dotNibbles4(r, m, n, ptr(r, 3) + (block << 5), xScales, xSums, w, scales, blocks, 0x0f, 1)
    }
  }
}
