/** Ops on each number alone, with NumPy broadcasting for two operands. */
import { Binary, Unary } from '../src/opcode'
import { erf4, exp4, gelu4, log4, sigmoid4, silu4 } from './math'
import { arg, float, ptr, share } from './record'

@inline
function unary4(op: i32, x: v128, parameter: v128): v128 {
  switch (op) {
    case Unary.Exp: return exp4(x)
    case Unary.Log: return log4(x)
    case Unary.Erf: return erf4(x)
    case Unary.Sigmoid: return sigmoid4(x)
    case Unary.Silu: return silu4(x)
    case Unary.Gelu: return gelu4(x)
    case Unary.Rsqrt: return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(x, parameter)))
    case Unary.Scale: return f32x4.mul(x, parameter)
    default: return f32x4.convert_i32x4_s(x)
  }
}

// Record: op, count, parameter, x, out
export function unaryKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const op = arg(r, 0)
  const end = share(arg(r, 1), 16, thread + 1, threads)
  const parameter = f32x4.splat(float(r, 2))
  const x = ptr(r, 3)
  const out = ptr(r, 4)
  let i = share(arg(r, 1), 16, thread, threads)
  for (; i + 4 <= end; i += 4) {
    const at = usize(i) << 2
    v128.store(out + at, unary4(op, v128.load(x + at), parameter))
  }
  for (; i < end; i++) {
    const at = usize(i) << 2
    v128.store32_lane(out + at, unary4(op, v128.load32_zero(x + at), parameter), 0)
  }
}

@inline
function binary4(op: i32, a: v128, b: v128): v128 {
  switch (op) {
    case Binary.Add: return f32x4.add(a, b)
    case Binary.Sub: return f32x4.sub(a, b)
    case Binary.Mul: return f32x4.mul(a, b)
    case Binary.Div: return f32x4.div(a, b)
    default: return f32x4.mul(a, silu4(b))
  }
}

// Strides are 0 or 1 here: a number or a row of numbers on either side.
export function binaryRow(op: i32, a: usize, b: usize, out: usize, count: i32, stepA: i32, stepB: i32): void {
  let i = 0
  const one = v128.load32_splat(a)
  const other = v128.load32_splat(b)
  for (; i + 4 <= count; i += 4) {
    const at = usize(i) << 2
    v128.store(out + at, binary4(op, stepA ? v128.load(a + at) : one, stepB ? v128.load(b + at) : other))
  }
  for (; i < count; i++) {
    const at = usize(i) << 2
    const left = v128.load32_zero(a + at * usize(stepA))
    v128.store32_lane(out + at, binary4(op, left, v128.load32_zero(b + at * usize(stepB))), 0)
  }
}

const RANK: i32 = 7

// Record: op, outer, inner, a, b, out, stepA, stepB, extents[7], stridesA[7], stridesB[7] (elements, outermost first)
export function binaryKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const inner = arg(r, 2)
  const total = i64(arg(r, 1)) * inner
  const groups = (total + 15) / 16
  const end = min(((groups * (thread + 1)) / threads) * 16, total)
  let at = ((groups * thread) / threads) * 16
  while (at < end) {
    const row = i32(at / inner)
    const skip = i32(at % inner)
    const count = i32(min<i64>(inner - skip, end - at))
    let rest = row
    let offsetA = usize(skip) * usize(arg(r, 6))
    let offsetB = usize(skip) * usize(arg(r, 7))
    for (let axis = RANK - 1; axis >= 0; axis--) {
      const extent = arg(r, 8 + axis)
      if (extent == 1) continue
      const index = rest % extent
      rest /= extent
      offsetA += usize(index) * usize(arg(r, 8 + RANK + axis))
      offsetB += usize(index) * usize(arg(r, 8 + 2 * RANK + axis))
    }
    const out = ptr(r, 5) + (usize(at) << 2)
    binaryRow(arg(r, 0), ptr(r, 3) + (offsetA << 2), ptr(r, 4) + (offsetB << 2), out, count, arg(r, 6), arg(r, 7))
    at += count
  }
}
