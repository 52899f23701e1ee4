/** Normalisation of rows over the last axis. */
import { arg, float, ptr, share } from './record'
import { madd, splat, sum4 } from './simd'

// Sum of (x - mean)^2 over a row.
export function sumSquares(x: usize, width: i32, mean: f32): f32 {
  const m = splat(mean)
  let a = splat(0), b = a
  let i = 0
  for (; i + 8 <= width; i += 8) {
    const u = f32x4.sub(v128.load(x + (usize(i) << 2)), m)
    const v = f32x4.sub(v128.load(x + (usize(i) << 2), 16), m)
    a = madd(u, u, a)
    b = madd(v, v, b)
  }
  let sum = sum4(f32x4.add(a, b))
  for (; i < width; i++) {
    const u = load<f32>(x + (usize(i) << 2)) - mean
    sum += u * u
  }
  return sum
}

export function rowSum(x: usize, width: i32): f32 {
  let a = splat(0)
  let i = 0
  for (; i + 4 <= width; i += 4) a = f32x4.add(a, v128.load(x + (usize(i) << 2)))
  let sum = sum4(a)
  for (; i < width; i++) sum += load<f32>(x + (usize(i) << 2))
  return sum
}

// out = (x - mean) * factor * weight + bias; weight and bias may be 0 (absent).
export function writeRow(x: usize, out: usize, width: i32, mean: f32, factor: f32, weight: usize, bias: usize): void {
  const m = splat(mean)
  const f = splat(factor)
  let i = 0
  for (; i + 4 <= width; i += 4) {
    const at = usize(i) << 2
    let v = f32x4.mul(f32x4.sub(v128.load(x + at), m), f)
    if (weight) v = f32x4.mul(v, v128.load(weight + at))
    if (bias) v = f32x4.add(v, v128.load(bias + at))
    v128.store(out + at, v)
  }
  for (; i < width; i++) {
    const at = usize(i) << 2
    let v = (load<f32>(x + at) - mean) * factor
    if (weight) v *= load<f32>(weight + at)
    if (bias) v += load<f32>(bias + at)
    store<f32>(out + at, v)
  }
}

// Record: rows, width, epsilon, x, weight, out
export function rmsNormKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const width = arg(r, 1)
  const end = share(arg(r, 0), 1, thread + 1, threads)
  for (let row = share(arg(r, 0), 1, thread, threads); row < end; row++) {
    const at = (usize(row) * usize(width)) << 2
    const x = ptr(r, 3) + at
    const factor: f32 = 1 / sqrt(sumSquares(x, width, 0) / f32(width) + float(r, 2))
    writeRow(x, ptr(r, 5) + at, width, 0, factor, ptr(r, 4), 0)
  }
}

// Record: rows, width, epsilon, x, weight, bias, out
export function layerNormKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const width = arg(r, 1)
  const end = share(arg(r, 0), 1, thread + 1, threads)
  for (let row = share(arg(r, 0), 1, thread, threads); row < end; row++) {
    const at = (usize(row) * usize(width)) << 2
    const x = ptr(r, 3) + at
    const mean = rowSum(x, width) / f32(width)
    const factor: f32 = 1 / sqrt(sumSquares(x, width, mean) / f32(width) + float(r, 2))
    writeRow(x, ptr(r, 6) + at, width, mean, factor, ptr(r, 4), ptr(r, 5))
  }
}
