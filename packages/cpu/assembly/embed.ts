/** Rows of a table by id, and its gradient. An id out of range gives NaN: it never reads or writes outside the tensor. */
import { F16, F32, Q8 } from './pack'
import { arg, ptr, share } from './record'
import { copyFloats, fillFloats, storeSome, widenBytes, widenNibbles } from './simd'
import { widenRow } from './gemv'

// Record: count, width, vocabulary, table, ids, out, encoding, rowStride (elements), scales, scaleStride
export function embedKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const width = arg(r, 1)
  const encoding = arg(r, 6)
  const end = share(arg(r, 0), 1, thread + 1, threads)
  for (let i = share(arg(r, 0), 1, thread, threads); i < end; i++) {
    const id = load<u32>(ptr(r, 4) + (usize(i) << 2))
    const out = ptr(r, 5) + ((usize(i) * usize(width)) << 2)
    const at = usize(id) * usize(arg(r, 7))
    if (id >= u32(arg(r, 2))) fillFloats(out, NaN, width)
    else if (encoding == F32) copyFloats(out, ptr(r, 3) + (at << 2), width)
    else if (encoding == F16) widenRow(out, ptr(r, 3) + (at << 1), width)
    else {
      const blocks = usize(arg(r, 9))
      const first = (usize(id) & ~3) * blocks
      const row = usize(id) & 3
      const scales = ptr(r, 8) + ((first + row) << 2)
      if (encoding == Q8) unpackRow(out, ptr(r, 3) + ((first + row) << 5), scales, width)
      else unpackNibbles(out, ptr(r, 3) + ((first + row) << 4), scales, width)
    }
  }
}

/** One row of a group of four whose blocks lie side by side: its first block and its first scale. */
export function unpackRow(out: usize, source: usize, scales: usize, width: i32): void {
  for (let k = 0; k < width; k += 4) {
    const block = usize(k >> 5)
    const values = f32x4.mul(widenBytes(source + (block << 7) + usize(k & 31)), v128.load32_splat(scales + (block << 4)))
    storeSome(out + (usize(k) << 2), values, width - k)
  }
}

/** As `unpackRow` for 4 bits. */
export function unpackNibbles(out: usize, source: usize, scales: usize, width: i32): void {
  for (let k = 0; k < width; k += 4) {
    const block = usize(k >> 5)
    const values = f32x4.mul(widenNibbles(source + (block << 6), k & 31), v128.load32_splat(scales + (block << 4)))
    storeSome(out + (usize(k) << 2), values, width - k)
  }
}

// Record: count, width, rows, values, ids, out. Threads share the columns, so every sum runs in the order of the ids.
export function scatterAddKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const width = arg(r, 1)
  const rows = arg(r, 2)
  const c0 = share(width, 16, thread, threads)
  const c1 = share(width, 16, thread + 1, threads)
  if (c0 >= c1) return
  const out = ptr(r, 5) + (usize(c0) << 2)
  const rowBytes = usize(width) << 2
  for (let row = 0; row < rows; row++) fillFloats(out + usize(row) * rowBytes, 0, c1 - c0)
  for (let i = 0; i < arg(r, 0); i++) {
    const id = load<u32>(ptr(r, 4) + (usize(i) << 2))
    if (id >= u32(rows)) continue
    const from = ptr(r, 3) + usize(i) * rowBytes + (usize(c0) << 2)
    addFloats(out + usize(id) * rowBytes, from, c1 - c0)
  }
}

export function addFloats(target: usize, source: usize, count: i32): void {
  let i = 0
  for (; i + 4 <= count; i += 4) {
    const at = usize(i) << 2
    v128.store(target + at, f32x4.add(v128.load(target + at), v128.load(source + at)))
  }
  for (; i < count; i++) {
    const at = usize(i) << 2
    store<f32>(target + at, load<f32>(target + at) + load<f32>(source + at))
  }
}
