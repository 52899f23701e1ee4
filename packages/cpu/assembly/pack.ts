/** Copies blocks of A and B into the panels that `tile` reads. All strides are in elements of the operand. */
import { COLUMNS, ROWS } from './tile'
import { splat, widenBytes, widenHalf, widenHalf1, widenNibbles } from './simd'

export const F32: i32 = 0
export const F16: i32 = 1
export const Q8: i32 = 2
export const Q4: i32 = 3

// Four rows of four numbers, transposed into target with `stride` bytes between the new rows.
@inline
function transpose4(r0: v128, r1: v128, r2: v128, r3: v128, target: usize, stride: usize): void {
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5)
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5)
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7)
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7)
  v128.store(target, v128.shuffle<i64>(low01, low23, 0, 2))
  v128.store(target + stride, v128.shuffle<i64>(low01, low23, 1, 3))
  v128.store(target + 2 * stride, v128.shuffle<i64>(high01, high23, 0, 2))
  v128.store(target + 3 * stride, v128.shuffle<i64>(high01, high23, 1, 3))
}

/** One panel [depth, ROWS] of A; rows from `rows` on are zeros. */
export function packA(source: usize, rows: i32, depth: i32, rowStride: i32, depthStride: i32, target: usize): void {
  const rowBytes = usize(rowStride) << 2
  const depthBytes = usize(depthStride) << 2
  let k = 0
  if (rows == ROWS && depthStride == 1) {
    for (; k + 4 <= depth; k += 4) {
      const at = source + (usize(k) << 2)
      const out = target + usize(k * ROWS) * 4
      transpose4(
        v128.load(at), v128.load(at + rowBytes), v128.load(at + 2 * rowBytes), v128.load(at + 3 * rowBytes),
        out, usize(ROWS) * 4,
      )
      if (ROWS == 6) {
        const r4 = v128.load(at + 4 * rowBytes)
        const r5 = v128.load(at + 5 * rowBytes)
        const low = v128.shuffle<f32>(r4, r5, 0, 4, 1, 5)
        const high = v128.shuffle<f32>(r4, r5, 2, 6, 3, 7)
        v128.store64_lane(out, low, 0, 16)
        v128.store64_lane(out, low, 1, 40)
        v128.store64_lane(out, high, 0, 64)
        v128.store64_lane(out, high, 1, 88)
      }
    }
  }
  for (; k < depth; k++) {
    const at = source + usize(k) * depthBytes
    const out = target + usize(k * ROWS) * 4
    for (let i = 0; i < ROWS; i++) {
      store<f32>(out + (usize(i) << 2), i < rows ? load<f32>(at + usize(i) * rowBytes) : 0)
    }
  }
}

/** One panel [depth, 8] of B in float32; columns from `columns` on are zeros. */
export function packB(
  source: usize, columns: i32, depth: i32, columnStride: i32, depthStride: i32, target: usize,
): void {
  const columnBytes = usize(columnStride) << 2
  const depthBytes = usize(depthStride) << 2
  let k = 0
  if (columns == COLUMNS && depthStride == 1) {
    for (; k + 4 <= depth; k += 4) {
      const at = source + (usize(k) << 2)
      const other = at + 4 * columnBytes
      const out = target + (usize(k) << 5)
      transpose4(
        v128.load(at), v128.load(at + columnBytes), v128.load(at + 2 * columnBytes), v128.load(at + 3 * columnBytes),
        out, 32,
      )
      transpose4(
        v128.load(other), v128.load(other + columnBytes), v128.load(other + 2 * columnBytes),
        v128.load(other + 3 * columnBytes), out + 16, 32,
      )
    }
  } else if (columns == COLUMNS && columnStride == 1) {
    for (; k < depth; k++) {
      const at = source + usize(k) * depthBytes
      const out = target + (usize(k) << 5)
      v128.store(out, v128.load(at))
      v128.store(out, v128.load(at, 16), 16)
    }
  }
  for (; k < depth; k++) {
    const at = source + usize(k) * depthBytes
    const out = target + (usize(k) << 5)
    for (let j = 0; j < COLUMNS; j++) {
      store<f32>(out + (usize(j) << 2), j < columns ? load<f32>(at + usize(j) * columnBytes) : 0)
    }
  }
}

/** As `packB` for rows of halves, `columnStride` halves apart. */
export function packHalf(source: usize, columns: i32, depth: i32, columnStride: i32, target: usize): void {
  const bytes = usize(columnStride) << 1
  let k = 0
  if (columns == COLUMNS) {
    for (; k + 4 <= depth; k += 4) {
      const at = source + (usize(k) << 1)
      const other = at + 4 * bytes
      const out = target + (usize(k) << 5)
      transpose4(
        widenHalf(at), widenHalf(at + bytes), widenHalf(at + 2 * bytes), widenHalf(at + 3 * bytes), out, 32,
      )
      transpose4(
        widenHalf(other), widenHalf(other + bytes), widenHalf(other + 2 * bytes), widenHalf(other + 3 * bytes),
        out + 16, 32,
      )
    }
  }
  for (; k < depth; k++) {
    const at = source + (usize(k) << 1)
    for (let j = 0; j < COLUMNS; j++) {
      store<f32>(target + (usize(k) << 5) + (usize(j) << 2), j < columns ? widenHalf1(at + usize(j) * bytes) : 0)
    }
  }
}

// Four numbers of one row of a group: `block` is its block, `scale` its scale.
@inline
function q8(block: usize, k: i32, scale: usize): v128 {
  return f32x4.mul(widenBytes(block + usize(k)), v128.load32_splat(scale))
}

@inline
function q4(block: usize, k: i32, scale: usize): v128 {
  return f32x4.mul(widenNibbles(block, k), v128.load32_splat(scale))
}

/**
 * As `packB` for rows of bytes in blocks of 32 with a scale each, four rows side by side; groups of four rows are `groupBytes` and
 * `groupScales` bytes apart. `source` is at the start of a block, rows are padded with zeros to whole blocks and groups to four rows, so
 * reading on to a multiple of four is safe; `target` then needs room for the rounded depth.
 */
export function packBytes(
  source: usize, scales: usize, columns: i32, depth: i32, groupBytes: usize, groupScales: usize, target: usize,
): void {
  const zero = splat(0)
  for (let k = 0; k < depth; k += 4) {
    const out = target + (usize(k) << 5)
    const at = source + (usize(k >> 5) << 7)
    const s = scales + (usize(k >> 5) << 4)
    const i = k & 31
    transpose4(q8(at, i, s), q8(at + 32, i, s + 4), q8(at + 64, i, s + 8), q8(at + 96, i, s + 12), out, 32)
    if (columns > 4) {
      const next = at + groupBytes
      const t = s + groupScales
      transpose4(q8(next, i, t), q8(next + 32, i, t + 4), q8(next + 64, i, t + 8), q8(next + 96, i, t + 12), out + 16, 32)
    } else transpose4(zero, zero, zero, zero, out + 16, 32)
  }
}

/** As `packBytes` for 4 bits. */
export function packNibbles(
  source: usize, scales: usize, columns: i32, depth: i32, groupBytes: usize, groupScales: usize, target: usize,
): void {
  const zero = splat(0)
  for (let k = 0; k < depth; k += 4) {
    const out = target + (usize(k) << 5)
    const at = source + (usize(k >> 5) << 6)
    const s = scales + (usize(k >> 5) << 4)
    const i = k & 31
    transpose4(q4(at, i, s), q4(at + 16, i, s + 4), q4(at + 32, i, s + 8), q4(at + 48, i, s + 12), out, 32)
    if (columns > 4) {
      const next = at + groupBytes
      const t = s + groupScales
      transpose4(q4(next, i, t), q4(next + 16, i, t + 4), q4(next + 32, i, t + 8), q4(next + 48, i, t + 12), out + 16, 32)
    } else transpose4(zero, zero, zero, zero, out + 16, 32)
  }
}
