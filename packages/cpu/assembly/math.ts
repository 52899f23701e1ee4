/** Elementary functions: float32 by four for the hot ones, float64 scalars where accuracy counts more than speed. */
import { madd, splat } from './simd'

/**
 * Constants of the functions by four lie in memory, because V8 builds a vector constant anew, from several instructions, wherever it is
 * used in a loop; a load that repeats one number is a single instruction.
 */
@inline
function at(table: usize, index: usize): v128 {
  return v128.load32_splat(table + (index << 2))
}

// 1; bounds of the argument; 1 / log 2; log 2 in two parts, negative; the polynomial of (e^r - 1 - r) / r^2 (Cephes)
const exponential = memory.data<f32>([
  1, -104, 89, 1.44269504088896341, -0.693359375, 2.12194440e-4,
  1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
])

/** exp, below 2 ulp; subnormal results and overflow to infinity as in scalar code. */
@inline
export function exp4(x0: v128): v128 {
  const one = at(exponential, 0)
  const x = f32x4.min(f32x4.max(x0, at(exponential, 1)), at(exponential, 2))
  const n = f32x4.nearest(f32x4.mul(x, at(exponential, 3)))
  let r = madd(n, at(exponential, 4), x)
  r = madd(n, at(exponential, 5), r)
  let p = at(exponential, 6)
  p = madd(p, r, at(exponential, 7))
  p = madd(p, r, at(exponential, 8))
  p = madd(p, r, at(exponential, 9))
  p = madd(p, r, at(exponential, 10))
  p = madd(p, r, at(exponential, 11))
  p = f32x4.add(madd(f32x4.mul(r, r), p, r), one)
  // 2^n in two factors, because n leaves the range of one exponent at both ends.
  const whole = i32x4.trunc_sat_f32x4_s(n)
  const half = i32x4.shr_s(whole, 1)
  const first = i32x4.add(i32x4.shl(half, 23), one)
  const second = i32x4.add(i32x4.shl(i32x4.sub(whole, half), 23), one)
  return f32x4.mul(f32x4.mul(p, first), second)
}

@inline
export function sigmoid4(x: v128): v128 {
  const one = at(exponential, 0)
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))))
}

@inline
export function silu4(x: v128): v128 {
  return f32x4.div(x, f32x4.add(at(exponential, 0), exp4(f32x4.neg(x))))
}

// bounds; P from the highest power; Q from the highest power
const errorFunction = memory.data<f32>([
  -4, 4,
  -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5, -7.34990630326855e-4,
  -2.95459980854025e-3, -1.60960333262415e-2,
  -1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3, -1.42647390514189e-2,
])

/** erf as x P(x^2) / Q(x^2) on [-4, 4], the rational approximation of Eigen and XLA. */
@inline
export function erf4(x0: v128): v128 {
  const x = f32x4.min(f32x4.max(x0, at(errorFunction, 0)), at(errorFunction, 1))
  const s = f32x4.mul(x, x)
  let p = at(errorFunction, 2)
  p = madd(p, s, at(errorFunction, 3))
  p = madd(p, s, at(errorFunction, 4))
  p = madd(p, s, at(errorFunction, 5))
  p = madd(p, s, at(errorFunction, 6))
  p = madd(p, s, at(errorFunction, 7))
  p = madd(p, s, at(errorFunction, 8))
  let q = at(errorFunction, 9)
  q = madd(q, s, at(errorFunction, 10))
  q = madd(q, s, at(errorFunction, 11))
  q = madd(q, s, at(errorFunction, 12))
  q = madd(q, s, at(errorFunction, 13))
  return f32x4.div(f32x4.mul(x, p), q)
}

// 1 / 2; 1 / sqrt 2; the smallest argument of gelu; the polynomial of log(erfc(z) / t) + z^2 from the highest power
const tailFunction = memory.data<f32>([
  0.5, 0.70710678118654752, -100,
  0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223,
])

/** erfc of z >= 0 to a few units in the last place relative to itself (W. H. Press et al., Numerical Recipes, erfcc). */
@inline
function erfc4(z: v128): v128 {
  const one = at(exponential, 0)
  const t = f32x4.div(one, madd(z, at(tailFunction, 0), one))
  let p = at(tailFunction, 3)
  p = madd(p, t, at(tailFunction, 4))
  p = madd(p, t, at(tailFunction, 5))
  p = madd(p, t, at(tailFunction, 6))
  p = madd(p, t, at(tailFunction, 7))
  p = madd(p, t, at(tailFunction, 8))
  p = madd(p, t, at(tailFunction, 9))
  p = madd(p, t, at(tailFunction, 10))
  p = madd(p, t, at(tailFunction, 11))
  p = madd(p, t, at(tailFunction, 12))
  return f32x4.mul(t, exp4(f32x4.sub(p, f32x4.mul(z, z))))
}

/** x Phi(x), from the tail on the negative side, where 1 + erf would cancel. */
@inline
export function gelu4(x: v128): v128 {
  const tail = f32x4.mul(at(tailFunction, 0), erfc4(f32x4.mul(f32x4.abs(x), at(tailFunction, 1))))
  const negative = f32x4.lt(x, splat(0))
  // -Infinity times a tail of 0 would be NaN.
  const finite = f32x4.max(x, at(tailFunction, 2))
  return f32x4.mul(finite, v128.bitselect(tail, f32x4.sub(at(exponential, 0), tail), negative))
}

@inline
export function log4(x: v128): v128 {
  let y = splat(f32(log64(f64(f32x4.extract_lane(x, 0)))))
  y = f32x4.replace_lane(y, 1, f32(log64(f64(f32x4.extract_lane(x, 1)))))
  y = f32x4.replace_lane(y, 2, f32(log64(f64(f32x4.extract_lane(x, 2)))))
  return f32x4.replace_lane(y, 3, f32(log64(f64(f32x4.extract_lane(x, 3)))))
}

/** Natural logarithm; the argument is a float32 widened, so it is never subnormal. */
export function log64(x: f64): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN
  if (x == Infinity) return x
  let bits = reinterpret<i64>(x)
  let exponent = i32((bits >> 52) & 0x7ff) - 1023
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000)
  if (m > 1.4142135623730951) {
    m *= 0.5
    exponent++
  }
  // log m = 2 atanh s, |s| <= 0.1716
  const s = (m - 1) / (m + 1)
  const z = s * s
  let p: f64 = 1.0 / 21
  p = p * z + 1.0 / 19
  p = p * z + 1.0 / 17
  p = p * z + 1.0 / 15
  p = p * z + 1.0 / 13
  p = p * z + 1.0 / 11
  p = p * z + 1.0 / 9
  p = p * z + 1.0 / 7
  p = p * z + 1.0 / 5
  p = p * z + 1.0 / 3
  return f64(exponent) * 0.6931471805599453 + 2 * (s + s * z * p)
}

/** e^x - 1 without cancellation near zero, for x <= 0. */
export function expm1(x: f64): f64 {
  if (x < -50) return -1
  const n = nearest(x * 1.4426950408889634)
  const r = x - n * 0.6931471803691238 - n * 1.9082149292705877e-10
  let p: f64 = 1.0 / 6227020800
  p = p * r + 1.0 / 479001600
  p = p * r + 1.0 / 39916800
  p = p * r + 1.0 / 3628800
  p = p * r + 1.0 / 362880
  p = p * r + 1.0 / 40320
  p = p * r + 1.0 / 5040
  p = p * r + 1.0 / 720
  p = p * r + 1.0 / 120
  p = p * r + 1.0 / 24
  p = p * r + 1.0 / 6
  p = p * r + 0.5
  const small = r + r * r * p
  const scale = reinterpret<f64>((i64(n) + 1023) << 52)
  return scale * small + (scale - 1)
}

/** cos and sin of an angle of any size that float64 still resolves, as two floats in the low lanes. */
export function cosSin(angle: f64): v128 {
  const n = nearest(angle * 0.6366197723675814)
  // pi / 2 in three parts, so that the subtraction stays exact for n up to 2^20.
  const r = angle - n * 1.57079632673412561417 - n * 6.07710050630396597660e-11 - n * 2.02226624879595063154e-21
  const z = r * r
  let s: f64 = 1.0 / 6227020800
  s = s * z - 1.0 / 39916800
  s = s * z + 1.0 / 362880
  s = s * z - 1.0 / 5040
  s = s * z + 1.0 / 120
  s = s * z - 1.0 / 6
  s = r + r * z * s
  let c: f64 = -1.0 / 87178291200
  c = c * z + 1.0 / 479001600
  c = c * z - 1.0 / 3628800
  c = c * z + 1.0 / 40320
  c = c * z - 1.0 / 720
  c = c * z + 1.0 / 24
  c = c * z - 0.5
  c = 1 + z * c
  const quadrant = i32(i64(n) & 3)
  const sine = quadrant & 1 ? c : s
  const cosine = quadrant & 1 ? s : c
  const v = splat(f32(quadrant == 1 || quadrant == 2 ? -cosine : cosine))
  return f32x4.replace_lane(v, 1, f32(quadrant >= 2 ? -sine : sine))
}
