/** Sums over any axes (accumulated in float64) and the softmax over the last one. */
import { exp4 } from './math'
import { arg, ptr, share } from './record'
import { max4, splat, sum4 } from './simd'

const RANK: i32 = 7

// Offset in elements of flat index `index` over the axes described at word `at`: extents[7], strides[7].
@inline
function offset(r: usize, at: i32, index: i32): usize {
  let sum: usize = 0
  for (let axis = RANK - 1; axis >= 0; axis--) {
    const extent = arg(r, at + axis)
    if (extent == 1) continue
    sum += usize(index % extent) * usize(arg(r, at + RANK + axis))
    index /= extent
  }
  return sum
}

// Record: keptOuter, keptInner, keptStep, reducedOuter, reducedInner, reducedStep, x, out, kept[7 + 7], reduced[7 + 7]
export function sumKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const keptInner = arg(r, 1)
  const count = arg(r, 0) * keptInner
  const keptStep = usize(arg(r, 2))
  const end = share(count, 4, thread + 1, threads)
  let i = share(count, 4, thread, threads)
  while (i < end) {
    const x = ptr(r, 6) + ((offset(r, 8, i / keptInner) + usize(i % keptInner) * keptStep) << 2)
    const out = ptr(r, 7) + (usize(i) << 2)
    // The cut at multiples of four keeps a group of four inside one thread.
    if (keptStep == 1 && (i & 3) == 0 && (i % keptInner) + 4 <= keptInner && i + 4 <= end) {
      v128.store(out, sumLanes(r, x))
      i += 4
    } else {
      store<f32>(out, sumOne(r, x))
      i++
    }
  }
}

export function sumLanes(r: usize, x: usize): v128 {
  const outer = arg(r, 3)
  const inner = arg(r, 4)
  const step = usize(arg(r, 5)) << 2
  let low = f64x2.splat(0), high = low
  for (let o = 0; o < outer; o++) {
    let at = x + (offset(r, 22, o) << 2)
    for (let k = 0; k < inner; k++) {
      const v = v128.load(at)
      low = f64x2.add(low, f64x2.promote_low_f32x4(v))
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3)))
      at += step
    }
  }
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5)
}

export function sumOne(r: usize, x: usize): f32 {
  const outer = arg(r, 3)
  const inner = arg(r, 4)
  const step = usize(arg(r, 5)) << 2
  let a: f64 = 0, b: f64 = 0
  for (let o = 0; o < outer; o++) {
    let at = x + (offset(r, 22, o) << 2)
    let k = 0
    for (; k + 2 <= inner; k += 2) {
      a += f64(load<f32>(at))
      b += f64(load<f32>(at + step))
      at += 2 * step
    }
    if (k < inner) a += f64(load<f32>(at))
  }
  return f32(a + b)
}

export function rowMax(x: usize, width: i32): f32 {
  let i = 0
  let top = splat(-Infinity)
  for (; i + 4 <= width; i += 4) top = f32x4.max(top, v128.load(x + (usize(i) << 2)))
  let largest = max4(top)
  for (; i < width; i++) largest = max(largest, load<f32>(x + (usize(i) << 2)))
  return largest
}

/** out = exp(x - shift) when out is not 0; returns the sum. */
export function rowExp(x: usize, width: i32, shift: f32, out: usize): f32 {
  let i = 0
  let total = splat(0)
  const s = splat(shift)
  for (; i + 4 <= width; i += 4) {
    const at = usize(i) << 2
    const e = exp4(f32x4.sub(v128.load(x + at), s))
    if (out) v128.store(out + at, e)
    total = f32x4.add(total, e)
  }
  let sum = sum4(total)
  for (; i < width; i++) {
    const at = usize(i) << 2
    const e = f32x4.extract_lane(exp4(f32x4.sub(v128.load32_zero(x + at), s)), 0)
    if (out) store<f32>(out + at, e)
    sum += e
  }
  return sum
}

// Record: rows, width, x, out
export function softmaxKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const width = arg(r, 1)
  const end = share(arg(r, 0), 1, thread + 1, threads)
  for (let row = share(arg(r, 0), 1, thread, threads); row < end; row++) {
    const at = (usize(row) * usize(width)) << 2
    const out = ptr(r, 3) + at
    const sum = rowExp(ptr(r, 2) + at, width, rowMax(ptr(r, 2) + at, width), out)
    let i = 0
    const s = splat(sum)
    for (; i + 4 <= width; i += 4) v128.store(out + (usize(i) << 2), f32x4.div(v128.load(out + (usize(i) << 2)), s))
    for (; i < width; i++) store<f32>(out + (usize(i) << 2), load<f32>(out + (usize(i) << 2)) / sum)
  }
}
