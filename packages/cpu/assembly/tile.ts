/**
 * The inner tile of every matrix product. a [depth, ROWS] and b [depth, 8] are packed panels; target = source + a^T b, where
 * source 0 means none. Six rows take 12 sums, two of B and one of A: all the registers that V8 has on x64. Without the fused
 * instruction a product needs one more, so the baseline build takes four rows (measured: six spill and lose a third).
 */
import { madd } from './simd'

export const ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4
export const COLUMNS: i32 = 8

export function tile6(depth: i32, a: usize, b: usize, source: usize, sourceStride: usize, target: usize, targetStride: usize): void {
  let c00 = f32x4.splat(0)
  let c01 = f32x4.splat(0)
  let c10 = f32x4.splat(0)
  let c11 = f32x4.splat(0)
  let c20 = f32x4.splat(0)
  let c21 = f32x4.splat(0)
  let c30 = f32x4.splat(0)
  let c31 = f32x4.splat(0)
  let c40 = f32x4.splat(0)
  let c41 = f32x4.splat(0)
  let c50 = f32x4.splat(0)
  let c51 = f32x4.splat(0)
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b, 0)
    const b1 = v128.load(b, 16)
    const a0 = v128.load32_splat(a, 0)
    c00 = madd(a0, b0, c00)
    c01 = madd(a0, b1, c01)
    const a1 = v128.load32_splat(a, 4)
    c10 = madd(a1, b0, c10)
    c11 = madd(a1, b1, c11)
    const a2 = v128.load32_splat(a, 8)
    c20 = madd(a2, b0, c20)
    c21 = madd(a2, b1, c21)
    const a3 = v128.load32_splat(a, 12)
    c30 = madd(a3, b0, c30)
    c31 = madd(a3, b1, c31)
    const a4 = v128.load32_splat(a, 16)
    c40 = madd(a4, b0, c40)
    c41 = madd(a4, b1, c41)
    const a5 = v128.load32_splat(a, 20)
    c50 = madd(a5, b0, c50)
    c51 = madd(a5, b1, c51)
    a += 24
    b += 32
  }
  if (source) {
    c00 = f32x4.add(v128.load(source, 0), c00)
    c01 = f32x4.add(v128.load(source, 16), c01)
    source += sourceStride
    c10 = f32x4.add(v128.load(source, 0), c10)
    c11 = f32x4.add(v128.load(source, 16), c11)
    source += sourceStride
    c20 = f32x4.add(v128.load(source, 0), c20)
    c21 = f32x4.add(v128.load(source, 16), c21)
    source += sourceStride
    c30 = f32x4.add(v128.load(source, 0), c30)
    c31 = f32x4.add(v128.load(source, 16), c31)
    source += sourceStride
    c40 = f32x4.add(v128.load(source, 0), c40)
    c41 = f32x4.add(v128.load(source, 16), c41)
    source += sourceStride
    c50 = f32x4.add(v128.load(source, 0), c50)
    c51 = f32x4.add(v128.load(source, 16), c51)
  }
  v128.store(target, c00, 0)
  v128.store(target, c01, 16)
  target += targetStride
  v128.store(target, c10, 0)
  v128.store(target, c11, 16)
  target += targetStride
  v128.store(target, c20, 0)
  v128.store(target, c21, 16)
  target += targetStride
  v128.store(target, c30, 0)
  v128.store(target, c31, 16)
  target += targetStride
  v128.store(target, c40, 0)
  v128.store(target, c41, 16)
  target += targetStride
  v128.store(target, c50, 0)
  v128.store(target, c51, 16)
}

export function tile4(depth: i32, a: usize, b: usize, source: usize, sourceStride: usize, target: usize, targetStride: usize): void {
  let c00 = f32x4.splat(0)
  let c01 = f32x4.splat(0)
  let c10 = f32x4.splat(0)
  let c11 = f32x4.splat(0)
  let c20 = f32x4.splat(0)
  let c21 = f32x4.splat(0)
  let c30 = f32x4.splat(0)
  let c31 = f32x4.splat(0)
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b, 0)
    const b1 = v128.load(b, 16)
    const a0 = v128.load32_splat(a, 0)
    c00 = madd(a0, b0, c00)
    c01 = madd(a0, b1, c01)
    const a1 = v128.load32_splat(a, 4)
    c10 = madd(a1, b0, c10)
    c11 = madd(a1, b1, c11)
    const a2 = v128.load32_splat(a, 8)
    c20 = madd(a2, b0, c20)
    c21 = madd(a2, b1, c21)
    const a3 = v128.load32_splat(a, 12)
    c30 = madd(a3, b0, c30)
    c31 = madd(a3, b1, c31)
    a += 16
    b += 32
  }
  if (source) {
    c00 = f32x4.add(v128.load(source, 0), c00)
    c01 = f32x4.add(v128.load(source, 16), c01)
    source += sourceStride
    c10 = f32x4.add(v128.load(source, 0), c10)
    c11 = f32x4.add(v128.load(source, 16), c11)
    source += sourceStride
    c20 = f32x4.add(v128.load(source, 0), c20)
    c21 = f32x4.add(v128.load(source, 16), c21)
    source += sourceStride
    c30 = f32x4.add(v128.load(source, 0), c30)
    c31 = f32x4.add(v128.load(source, 16), c31)
  }
  v128.store(target, c00, 0)
  v128.store(target, c01, 16)
  target += targetStride
  v128.store(target, c10, 0)
  v128.store(target, c11, 16)
  target += targetStride
  v128.store(target, c20, 0)
  v128.store(target, c21, 16)
  target += targetStride
  v128.store(target, c30, 0)
  v128.store(target, c31, 16)
}
