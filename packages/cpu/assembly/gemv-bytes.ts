/**
 * Few rows of x times w^T for w in 8 bits. x is rounded to int16, two orders finer than w. Four rows of w lie side by side, block by block,
 * so that the weight is read from its first byte to its last.
 */
import { put4 } from './gemv'
import { arg, ptr, share } from './record'
import { madd, max4 } from './simd'

/** x [count] to int16 in blocks of 32 with a scale each; the last block is padded with zeros. */
export function quantize(x: usize, count: i32, target: usize, scales: usize): void {
  for (let k = 0; k < count; k += 32) {
    const wide = min(32, count - k)
    const from = x + (usize(k) << 2)
    const to = target + (usize(k) << 1)
    const whole = wide & ~3
    let top = f32x4.splat(0)
    for (let i = 0; i < whole; i += 4) top = f32x4.max(top, f32x4.abs(v128.load(from + (usize(i) << 2))))
    let largest = max4(top)
    for (let i = whole; i < wide; i++) largest = max(largest, abs(load<f32>(from + (usize(i) << 2))))
    const inverse: f32 = largest > 0 ? 32767 / largest : 0
    const factor = f32x4.splat(inverse)
    store<f32>(scales + (usize(k >> 5) << 2), largest / 32767)
    for (let i = 0; i < whole; i += 4) {
      const q = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(from + (usize(i) << 2)), factor)))
      v128.store64_lane(to + (usize(i) << 1), i16x8.narrow_i32x4_s(q, q), 0)
    }
    for (let i = whole; i < 32; i++) {
      const value = i < wide ? i32(nearest(load<f32>(from + (usize(i) << 2)) * inverse)) : 0
      store<i16>(to + (usize(i) << 1), i16(value))
    }
  }
}

// Record: rows, width, x, target (int16 [rows, blocks, 32]), scales [rows, blocks]
export function quantizeKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const width = arg(r, 1)
  const blocks = usize((width + 31) >> 5)
  const end = share(arg(r, 0), 1, thread + 1, threads)
  for (let i = share(arg(r, 0), 1, thread, threads); i < end; i++) {
    const row = usize(i)
    quantize(ptr(r, 2) + ((row * usize(width)) << 2), width, ptr(r, 3) + ((row * blocks) << 6), ptr(r, 4) + ((row * blocks) << 2))
  }
}

// Sum of 32 products of bytes and int16, in four lanes. At most 127 * 32767 * 8 a lane: no overflow.
@inline
function dotBlock(w: usize, x0: v128, x1: v128, x2: v128, x3: v128): v128 {
  const low = i32x4.add(i32x4.dot_i16x8_s(v128.load8x8_s(w), x0), i32x4.dot_i16x8_s(v128.load8x8_s(w, 8), x1))
  const high = i32x4.add(i32x4.dot_i16x8_s(v128.load8x8_s(w, 16), x2), i32x4.dot_i16x8_s(v128.load8x8_s(w, 24), x3))
  return f32x4.convert_i32x4_s(i32x4.add(low, high))
}

/** Four rows of w, from a multiple of four on, times one x: their sums at column n. */
export function dotBytes4(r: usize, m: i32, n: i32, x: usize, xScales: usize, w: usize, scales: usize, blocks: i32): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0
  for (let block = 0; block < blocks; block++) {
    const x0 = v128.load(x), x1 = v128.load(x, 16), x2 = v128.load(x, 32), x3 = v128.load(x, 48)
    const s = v128.load32_splat(xScales)
    a0 = madd(dotBlock(w, x0, x1, x2, x3), f32x4.mul(s, v128.load32_splat(scales)), a0)
    a1 = madd(dotBlock(w + 32, x0, x1, x2, x3), f32x4.mul(s, v128.load32_splat(scales, 4)), a1)
    a2 = madd(dotBlock(w + 64, x0, x1, x2, x3), f32x4.mul(s, v128.load32_splat(scales, 8)), a2)
    a3 = madd(dotBlock(w + 96, x0, x1, x2, x3), f32x4.mul(s, v128.load32_splat(scales, 12)), a3)
    x += 64
    xScales += 4
    w += 128
    scales += 16
  }
  put4(r, m, n, a0, a1, a2, a3)
}

/** Columns n0 to n1 of the product of a record of `gemvKernel`; n0 is a multiple of four. */
export function gemvBytes(r: usize, n0: i32, n1: i32): void {
  const rows = arg(r, 0)
  const blocks = (arg(r, 2) + 31) >> 5
  for (let n = n0; n < n1; n += 4) {
    const first = usize(n) * usize(blocks)
    for (let m = 0; m < rows; m++) {
      const block = usize(m) * usize(blocks)
      dotBytes4(r, m, n, ptr(r, 3) + (block << 6), ptr(r, 11) + (block << 2), ptr(r, 4) + (first << 5), ptr(r, 7) + (first << 2), blocks)
    }
  }
}
