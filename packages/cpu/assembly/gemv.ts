/**
 * Few rows of x times w^T, w [N, K] in rows: streams the weights once. Not for many rows: see gemm.ts.
 * Each sum runs in the same order whatever the number of threads, because rows of w are always grouped from multiples of four.
 */
import { gemvBytes } from './gemv-bytes'
import { gemvNibbles } from './gemv-nibbles'
import { F16, F32, Q8 } from './pack'
import { arg, ptr, share } from './record'
import { madd, max4, storeSome, sum4, widenHalf, widenHalf1 } from './simd'

// Record: M, N, K, x, w, encoding, wRow (elements), scales, scaleStride, source, target, xScales, xSums
// With q8 and q4, x, xScales and xSums are what `quantizeKernel` and `quantizeBytesKernel` made.
export function gemvKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const n0 = share(arg(r, 1), 4, thread, threads)
  const n1 = share(arg(r, 1), 4, thread + 1, threads)
  if (n0 >= n1) return
  const encoding = arg(r, 5)
  if (encoding == F32) gemvFloat(r, n0, n1)
  else if (encoding == F16) gemvHalf(r, n0, n1, scratch)
  else if (encoding == Q8) gemvBytes(r, n0, n1)
  else gemvNibbles(r, n0, n1)
}

// The sum of row m at column n, and what is added to it.
@inline
export function put(r: usize, m: i32, n: i32, value: f32): void {
  const at = (usize(m) * usize(arg(r, 1)) + usize(n)) << 2
  const source = ptr(r, 9)
  store<f32>(ptr(r, 10) + at, source ? load<f32>(source + at) + value : value)
}

// The sums of four vectors, each as `sum4` adds it, at columns n to n + 3.
@inline
export function put4(r: usize, m: i32, n: i32, a0: v128, a1: v128, a2: v128, a3: v128): void {
  const low01 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5)
  const low23 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5)
  const high01 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7)
  const high23 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7)
  const low = f32x4.add(v128.shuffle<i64>(low01, low23, 0, 2), v128.shuffle<i64>(low01, low23, 1, 3))
  const high = f32x4.add(v128.shuffle<i64>(high01, high23, 0, 2), v128.shuffle<i64>(high01, high23, 1, 3))
  let sums = f32x4.add(low, high)
  const at = (usize(m) * usize(arg(r, 1)) + usize(n)) << 2
  const source = ptr(r, 9)
  if (source) sums = f32x4.add(v128.load(source + at), sums)
  // The last rows of a weight may be fewer than four.
  storeSome(ptr(r, 10) + at, sums, arg(r, 1) - n)
}

// Four rows of w, `stride` bytes apart, times one x: four sums written at column n.
export function dot4(r: usize, m: i32, n: i32, x: usize, w: usize, stride: usize, depth: i32): void {
  const w1 = w + stride
  const w2 = w1 + stride
  const w3 = w2 + stride
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0
  let b0 = a0, b1 = a0, b2 = a0, b3 = a0
  let at: usize = 0
  const whole = usize(depth >> 3) << 5
  for (; at < whole; at += 32) {
    const x0 = v128.load(x + at)
    const x1 = v128.load(x + at, 16)
    a0 = madd(v128.load(w + at), x0, a0)
    a1 = madd(v128.load(w1 + at), x0, a1)
    a2 = madd(v128.load(w2 + at), x0, a2)
    a3 = madd(v128.load(w3 + at), x0, a3)
    b0 = madd(v128.load(w + at, 16), x1, b0)
    b1 = madd(v128.load(w1 + at, 16), x1, b1)
    b2 = madd(v128.load(w2 + at, 16), x1, b2)
    b3 = madd(v128.load(w3 + at, 16), x1, b3)
  }
  let s0 = sum4(f32x4.add(a0, b0)), s1 = sum4(f32x4.add(a1, b1))
  let s2 = sum4(f32x4.add(a2, b2)), s3 = sum4(f32x4.add(a3, b3))
  for (const end = usize(depth) << 2; at < end; at += 4) {
    const v = load<f32>(x + at)
    s0 += load<f32>(w + at) * v
    s1 += load<f32>(w1 + at) * v
    s2 += load<f32>(w2 + at) * v
    s3 += load<f32>(w3 + at) * v
  }
  put(r, m, n, s0)
  put(r, m, n + 1, s1)
  put(r, m, n + 2, s2)
  put(r, m, n + 3, s3)
}

export function dot1(r: usize, m: i32, n: i32, x: usize, w: usize, depth: i32): void {
  let a = f32x4.splat(0), b = a
  let at: usize = 0
  for (const whole = usize(depth >> 3) << 5; at < whole; at += 32) {
    a = madd(v128.load(w + at), v128.load(x + at), a)
    b = madd(v128.load(w + at, 16), v128.load(x + at, 16), b)
  }
  let s = sum4(f32x4.add(a, b))
  for (const end = usize(depth) << 2; at < end; at += 4) s += load<f32>(w + at) * load<f32>(x + at)
  put(r, m, n, s)
}

function gemvFloat(r: usize, n0: i32, n1: i32): void {
  const rows = arg(r, 0)
  const depth = arg(r, 2)
  const x = ptr(r, 3)
  const xRow = usize(depth) << 2
  const stride = usize(arg(r, 6)) << 2
  let n = n0
  for (; n + 4 <= n1; n += 4) {
    const w = ptr(r, 4) + usize(n) * stride
    for (let m = 0; m < rows; m++) dot4(r, m, n, x + usize(m) * xRow, w, stride, depth)
  }
  for (; n < n1; n++) {
    const w = ptr(r, 4) + usize(n) * stride
    for (let m = 0; m < rows; m++) dot1(r, m, n, x + usize(m) * xRow, w, depth)
  }
}

/**
 * x times 2^p into `target` for halves that are left 112 exponents too small; p is 112 unless x would overflow. Returns 2^(112 - p).
 */
export function raise(x: usize, count: i32, target: usize): f32 {
  let top = f32x4.splat(0)
  let i = 0
  for (; i + 4 <= count; i += 4) top = f32x4.max(top, f32x4.abs(v128.load(x + (usize(i) << 2))))
  let largest = max4(top)
  for (; i < count; i++) largest = max(largest, abs(load<f32>(x + (usize(i) << 2))))
  const exponent = i32(reinterpret<u32>(largest) >> 23) - 127
  const p = min(112, 126 - exponent)
  const factor = reinterpret<f32>((p + 127) << 23)
  const f = f32x4.splat(factor)
  for (i = 0; i + 4 <= count; i += 4) v128.store(target + (usize(i) << 2), f32x4.mul(v128.load(x + (usize(i) << 2)), f))
  for (; i < count; i++) store<f32>(target + (usize(i) << 2), load<f32>(x + (usize(i) << 2)) * factor)
  return reinterpret<f32>((112 - p + 127) << 23)
}

// Sign, exponent and fraction in their float32 places; the value is 2^-112 times the half.
@inline
function lowHalf(source: usize, mask: v128): v128 {
  return v128.and(i32x4.shl(v128.load16x4_s(source), 13), mask)
}

@inline
function lowHalf1(source: usize): f32 {
  return reinterpret<f32>((i32(load<i16>(source)) << 13) & 0x8fffe000)
}

/** `bits` is 0x8fffe000, passed because V8 builds a constant anew in every turn of a loop. */
export function dotHalf4(r: usize, n: i32, x: usize, w: usize, stride: usize, depth: i32, lower: f32, bits: i32): void {
  const mask = i32x4.splat(bits)
  const w1 = w + stride
  const w2 = w1 + stride
  const w3 = w2 + stride
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0
  let k: usize = 0
  for (const whole = usize(depth >> 2) << 2; k < whole; k += 4) {
    const v = v128.load(x + (k << 2))
    const at = k << 1
    a0 = madd(lowHalf(w + at, mask), v, a0)
    a1 = madd(lowHalf(w1 + at, mask), v, a1)
    a2 = madd(lowHalf(w2 + at, mask), v, a2)
    a3 = madd(lowHalf(w3 + at, mask), v, a3)
  }
  let s0 = sum4(a0), s1 = sum4(a1), s2 = sum4(a2), s3 = sum4(a3)
  for (; k < usize(depth); k++) {
    const v = load<f32>(x + (k << 2))
    const at = k << 1
    s0 += lowHalf1(w + at) * v
    s1 += lowHalf1(w1 + at) * v
    s2 += lowHalf1(w2 + at) * v
    s3 += lowHalf1(w3 + at) * v
  }
  put(r, 0, n, s0 * lower)
  put(r, 0, n + 1, s1 * lower)
  put(r, 0, n + 2, s2 * lower)
  put(r, 0, n + 3, s3 * lower)
}

export function widenRow(target: usize, source: usize, count: i32): void {
  let k = 0
  for (; k + 4 <= count; k += 4) v128.store(target + (usize(k) << 2), widenHalf(source + (usize(k) << 1)))
  for (; k < count; k++) store<f32>(target + (usize(k) << 2), widenHalf1(source + (usize(k) << 1)))
}

// One x: it carries the missing exponent. Several: four rows of w are widened once into scratch.
function gemvHalf(r: usize, n0: i32, n1: i32, scratch: usize): void {
  const rows = arg(r, 0)
  const depth = arg(r, 2)
  const x = ptr(r, 3)
  const xRow = usize(depth) << 2
  const stride = usize(arg(r, 6)) << 1
  let n = n0
  if (rows == 1) {
    const lower = raise(x, depth, scratch)
    for (; n + 4 <= n1; n += 4) dotHalf4(r, n, scratch, ptr(r, 4) + usize(n) * stride, stride, depth, lower, 0x8fffe000)
  }
  for (; n + 4 <= n1; n += 4) {
    const w = ptr(r, 4) + usize(n) * stride
    for (let i: usize = 0; i < 4; i++) widenRow(scratch + i * xRow, w + i * stride, depth)
    for (let m = 0; m < rows; m++) dot4(r, m, n, x + usize(m) * xRow, scratch, xRow, depth)
  }
  for (; n < n1; n++) {
    widenRow(scratch, ptr(r, 4) + usize(n) * stride, depth)
    for (let m = 0; m < rows; m++) dot1(r, m, n, x + usize(m) * xRow, scratch, depth)
  }
}
