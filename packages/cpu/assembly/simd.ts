/** Small SIMD helpers. `madd` is one fused instruction in the relaxed build and two in the baseline build. */

// a * b + c
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x)
}

@inline
export function sum4(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  )
}

@inline
export function max4(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  )
}

/** Four halves to four floats, exact for every finite half. */
@inline
export function widenHalf(source: usize): v128 {
  // The sign lands in bit 31, the exponent in bits 23..27; the product moves the exponent bias from 15 to 127.
  const bits = v128.and(i32x4.shl(v128.load16x4_s(source), 13), i32x4.splat(0x8fffe000))
  return f32x4.mul(bits, f32x4.splat(reinterpret<f32>(0x77800000)))
}

@inline
export function widenHalf1(source: usize): f32 {
  const bits = (i32(load<i16>(source)) << 13) & 0x8fffe000
  return reinterpret<f32>(bits) * reinterpret<f32>(0x77800000)
}

/** Four signed bytes to four floats. */
@inline
export function widenBytes(source: usize): v128 {
  const words = i16x8.extend_low_i8x16_s(v128.load32_zero(source))
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words))
}

/** Four numbers of a block of 4 bits, from number k on, as floats without their scale; k is a multiple of 4 below 32. */
@inline
export function widenNibbles(block: usize, k: i32): v128 {
  // The first half of a block lies in the low halves of its bytes, the second half in the high ones.
  const bits = (load<u32>(block + usize(k & 15)) >> ((k & 16) >> 2)) & 0x0f0f0f0f
  const words = i16x8.extend_low_i8x16_u(i32x4.splat(bits))
  return f32x4.convert_i32x4_s(i32x4.sub(i32x4.extend_low_i16x8_u(words), i32x4.splat(8)))
}

/** The first numbers of a vector, at most four. */
@inline
export function storeSome(target: usize, values: v128, count: i32): void {
  if (count >= 4) return v128.store(target, values)
  for (let i = 0; i < count; i++) {
    store<f32>(target + (usize(i) << 2), f32x4.extract_lane(values, 0))
    values = v128.shuffle<f32>(values, values, 1, 2, 3, 0)
  }
}

export function copyFloats(target: usize, source: usize, count: i32): void {
  let i = 0
  for (; i + 4 <= count; i += 4) v128.store(target + (usize(i) << 2), v128.load(source + (usize(i) << 2)))
  for (; i < count; i++) store<u32>(target + (usize(i) << 2), load<u32>(source + (usize(i) << 2)))
}

export function fillFloats(target: usize, value: f32, count: i32): void {
  let i = 0
  const v = splat(value)
  for (; i + 4 <= count; i += 4) v128.store(target + (usize(i) << 2), v)
  for (; i < count; i++) store<f32>(target + (usize(i) << 2), value)
}

/** row *= factor */
export function scaleFloats(target: usize, factor: f32, count: i32): void {
  let i = 0
  const f = splat(factor)
  for (; i + 4 <= count; i += 4) {
    const at = target + (usize(i) << 2)
    v128.store(at, f32x4.mul(v128.load(at), f))
  }
  for (; i < count; i++) {
    const at = target + (usize(i) << 2)
    store<f32>(at, load<f32>(at) * factor)
  }
}
