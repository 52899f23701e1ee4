/**
 * target = source + A B for any strides of A and B, blocked for the caches. One thread's work: callers cut the product into
 * columns or rows. The order of summation of an element depends on the depth alone, so the cut never changes a result.
 */
import { F16, F32, Q8, packA, packB, packBytes, packHalf, packNibbles } from './pack'
import { arg, ptr, share } from './record'
import { COLUMNS, ROWS, tile4, tile6 } from './tile'

const MAX_DEPTH: i32 = 256
const MAX_ROWS: i32 = 192

/** Bytes of scratch: a block of A, a panel of B and one tile. */
export const GEMM_SCRATCH: usize = usize((192 + 8) * (256 + 32) * 4 + (256 + 32) * 32 + 256)

@inline
function run(depth: i32, a: usize, b: usize, source: usize, sourceStride: usize, target: usize, stride: usize): void {
  if (ROWS == 6) tile6(depth, a, b, source, sourceStride, target, stride)
  else tile4(depth, a, b, source, sourceStride, target, stride)
}

// Cuts `size` into equal blocks of at most `limit`, each a multiple of `grain`.
@inline
function blockSize(size: i32, limit: i32, grain: i32): i32 {
  const blocks = (size + limit - 1) / limit
  const block = (size + blocks - 1) / blocks
  return ((block + grain - 1) / grain) * grain
}

/**
 * a: element (m, k) at a + 4 (m aRow + k aDepth). b: element (k, n) at bColumn n + bDepth k in units of its encoding; halves, bytes and
 * nibbles must have bDepth 1. Strides of source and target are in floats.
 */
export function gemm(
  rows: i32, columns: i32, depth: i32,
  a: usize, aRow: i32, aDepth: i32,
  b: usize, bColumn: i32, bDepth: i32, encoding: i32, scales: usize, scaleStride: i32,
  source: usize, sourceStride: i32, target: usize, targetStride: i32,
  scratch: usize,
): void {
  const depthBlock = blockSize(depth, MAX_DEPTH, 32)
  const rowBlock = blockSize(rows, MAX_ROWS, ROWS)
  const panelB = scratch + usize((MAX_ROWS + 8) * (MAX_DEPTH + 32) * 4)
  const spare = panelB + usize((MAX_DEPTH + 32) * 32)
  for (let k0 = 0; k0 < depth; k0 += depthBlock) {
    const deep = min(depthBlock, depth - k0)
    const from = k0 == 0 ? source : target
    const fromStride = k0 == 0 ? sourceStride : targetStride
    for (let m0 = 0; m0 < rows; m0 += rowBlock) {
      const high = min(rowBlock, rows - m0)
      for (let m = 0; m < high; m += ROWS) {
        const at = a + ((usize(m0 + m) * usize(aRow) + usize(k0) * usize(aDepth)) << 2)
        packA(at, min(ROWS, high - m), deep, aRow, aDepth, scratch + usize(m * deep) * 4)
      }
      for (let n = 0; n < columns; n += COLUMNS) {
        const wide = min(COLUMNS, columns - n)
        const first = usize(n) * usize(bColumn) + usize(k0) * usize(bDepth)
        if (encoding == F32) packB(b + (first << 2), wide, deep, bColumn, bDepth, panelB)
        else if (encoding == F16) packHalf(b + (first << 1), wide, deep, bColumn, panelB)
        else {
          // Whole groups of four rows, in which the blocks of four rows follow one another.
          const at = usize(n) * usize(bColumn) + (usize(k0) << 2)
          const scale = scales + ((usize(n) * usize(scaleStride) + (usize(k0 >> 5) << 2)) << 2)
          const groupBytes = usize(bColumn) << 2
          const groupScales = usize(scaleStride) << 4
          if (encoding == Q8) packBytes(b + at, scale, wide, deep, groupBytes, groupScales, panelB)
          else packNibbles(b + (at >> 1), scale, wide, deep, groupBytes >> 1, groupScales, panelB)
        }
        for (let m = 0; m < high; m += ROWS) {
          const tall = min(ROWS, high - m)
          const in_ = from ? from + ((usize(m0 + m) * usize(fromStride) + usize(n)) << 2) : 0
          const out = target + ((usize(m0 + m) * usize(targetStride) + usize(n)) << 2)
          const panelA = scratch + usize(m * deep) * 4
          if (tall == ROWS && wide == COLUMNS) {
            run(deep, panelA, panelB, in_, usize(fromStride) << 2, out, usize(targetStride) << 2)
          } else {
            run(deep, panelA, panelB, 0, 0, spare, usize(COLUMNS) << 2)
            edge(tall, wide, spare, in_, usize(fromStride) << 2, out, usize(targetStride) << 2)
          }
        }
      }
    }
  }
}

function edge(tall: i32, wide: i32, sums: usize, source: usize, sourceStride: usize, target: usize, stride: usize): void {
  for (let i = 0; i < tall; i++) {
    for (let j = 0; j < wide; j++) {
      const at = usize(j) << 2
      let value = load<f32>(sums + at)
      if (source) value = load<f32>(source + at) + value
      store<f32>(target + at, value)
    }
    sums += usize(COLUMNS) << 2
    source += source ? sourceStride : 0
    target += stride
  }
}

// Record: batch, M, N, K, a, aRow, aDepth, aBatch, b, bColumn, bDepth, bBatch, encoding, scales, scaleStride, source, target
export function gemmKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const batch = arg(r, 0)
  const rows = arg(r, 1)
  const columns = arg(r, 2)
  const encoding = arg(r, 12)
  const byBatch = batch >= threads
  const byRows = !byBatch && rows > columns && columns < 16 * threads
  const b0 = byBatch ? share(batch, 1, thread, threads) : 0
  const b1 = byBatch ? share(batch, 1, thread + 1, threads) : batch
  const m0 = byRows ? share(rows, ROWS, thread, threads) : 0
  const m1 = byRows ? share(rows, ROWS, thread + 1, threads) : rows
  const whole = byBatch || byRows
  const n0 = whole ? 0 : share(columns, COLUMNS, thread, threads)
  const n1 = whole ? columns : share(columns, COLUMNS, thread + 1, threads)
  if (m0 >= m1 || n0 >= n1) return
  // an element has 2^shift halves of a byte
  const shift: usize = encoding == F32 ? 3 : encoding == F16 ? 2 : encoding == Q8 ? 1 : 0
  const scales = ptr(r, 13) + ((usize(n0) * usize(arg(r, 14))) << 2)
  const place = usize(m0) * usize(columns) + usize(n0)
  for (let i = b0; i < b1; i++) {
    const a = ptr(r, 4) + ((usize(i) * usize(arg(r, 7)) + usize(m0) * usize(arg(r, 5))) << 2)
    const b = ptr(r, 8) + ((usize(i) * usize(arg(r, 11)) + usize(n0) * usize(arg(r, 9))) << shift >> 1)
    const offset = (usize(i) * usize(rows) * usize(columns) + place) << 2
    const source = ptr(r, 15) ? ptr(r, 15) + offset : 0
    gemm(
      m1 - m0, n1 - n0, arg(r, 3), a, arg(r, 5), arg(r, 6), b, arg(r, 9), arg(r, 10), encoding, scales, arg(r, 14),
      source, columns, ptr(r, 16) + offset, columns, scratch,
    )
  }
}
