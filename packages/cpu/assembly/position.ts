/** Ops that depend on the place of a token: counting, rotation, and the decay sum of a row. Angles are float64. */
import { cosSin, expm1 } from './math'
import { arg, float, ptr, share } from './record'
import { madd, splat } from './simd'

// Record: batch, length, start, mask, positions, next
export function positionsKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const length = arg(r, 1)
  const end = share(arg(r, 0), 1, thread + 1, threads)
  for (let b = share(arg(r, 0), 1, thread, threads); b < end; b++) {
    let position = load<i32>(ptr(r, 2) + (usize(b) << 2))
    for (let t = 0; t < length; t++) {
      const at = usize(b * length + t) << 2
      const counted = load<i32>(ptr(r, 3) + at)
      store<i32>(ptr(r, 4) + at, position)
      position += counted
    }
    store<i32>(ptr(r, 5) + (usize(b) << 2), position)
  }
}

// Record: count, width, positions, frequencies f64 [width / 2], half, out [count, 2, width]
// A row of the table holds cos and signed sin of every element: out = x cos + partner(x) sin.
export function anglesKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const width = arg(r, 1)
  const pairs = width >> 1
  const half = arg(r, 4) != 0
  const end = share(arg(r, 0), 1, thread + 1, threads)
  for (let i = share(arg(r, 0), 1, thread, threads); i < end; i++) {
    const position = f64(load<i32>(ptr(r, 2) + (usize(i) << 2)))
    const cosines = ptr(r, 5) + ((usize(i) * usize(width)) << 3)
    const sines = cosines + (usize(width) << 2)
    for (let j = 0; j < pairs; j++) {
      const v = cosSin(position * load<f64>(ptr(r, 3) + (usize(j) << 3)))
      const left: i32 = half ? j : j << 1
      const right: i32 = half ? j + pairs : (j << 1) + 1
      const first = usize(left) << 2
      const second = usize(right) << 2
      store<f32>(cosines + first, f32x4.extract_lane(v, 0))
      store<f32>(cosines + second, f32x4.extract_lane(v, 0))
      store<f32>(sines + first, -f32x4.extract_lane(v, 1))
      store<f32>(sines + second, f32x4.extract_lane(v, 1))
    }
  }
}

// Record: tokens, heads, width, x, table, half, sign, out
export function rotaryKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const heads = arg(r, 1)
  const width = arg(r, 2)
  const end = share(arg(r, 0) * heads, 1, thread + 1, threads)
  for (let i = share(arg(r, 0) * heads, 1, thread, threads); i < end; i++) {
    const at = (usize(i) * usize(width)) << 2
    const cosines = ptr(r, 4) + ((usize(i / heads) * usize(width)) << 3)
    if (arg(r, 5)) rotateHalves(ptr(r, 3) + at, cosines, width, float(r, 6), ptr(r, 7) + at)
    else rotatePairs(ptr(r, 3) + at, cosines, width, float(r, 6), ptr(r, 7) + at)
  }
}

export function rotatePairs(x: usize, cosines: usize, width: i32, sign: f32, out: usize): void {
  const sines = cosines + (usize(width) << 2)
  const s = splat(sign)
  let i = 0
  for (; i + 4 <= width; i += 4) {
    const at = usize(i) << 2
    const v = v128.load(x + at)
    const swapped = f32x4.mul(v128.shuffle<f32>(v, v, 1, 0, 3, 2), s)
    v128.store(out + at, madd(v, v128.load(cosines + at), f32x4.mul(swapped, v128.load(sines + at))))
  }
  if (i < width) {
    const at = usize(i) << 2
    const a = load<f32>(x + at)
    const b = load<f32>(x + at + 4)
    const c = load<f32>(cosines + at)
    const sine = load<f32>(sines + at + 4) * sign
    store<f32>(out + at, a * c - b * sine)
    store<f32>(out + at + 4, b * c + a * sine)
  }
}

export function rotateHalves(x: usize, cosines: usize, width: i32, sign: f32, out: usize): void {
  const sines = cosines + (usize(width) << 2)
  const pairs = width >> 1
  const gap = usize(pairs) << 2
  const s = splat(sign)
  let i = 0
  for (; i + 4 <= pairs; i += 4) {
    const at = usize(i) << 2
    const a = v128.load(x + at)
    const b = v128.load(x + at + gap)
    const c = v128.load(cosines + at)
    const sine = f32x4.mul(v128.load(sines + at + gap), s)
    v128.store(out + at, f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, sine)))
    v128.store(out + at + gap, madd(b, c, f32x4.mul(a, sine)))
  }
  for (; i < pairs; i++) {
    const at = usize(i) << 2
    const a = load<f32>(x + at)
    const b = load<f32>(x + at + gap)
    const c = load<f32>(cosines + at)
    const sine = load<f32>(sines + at + gap) * sign
    store<f32>(out + at, a * c - b * sine)
    store<f32>(out + at + gap, b * c + a * sine)
  }
}

// Record: tokens, heads, width, x, positions, logDecay f64 [heads], out
export function decayNormKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const heads = arg(r, 1)
  const width = arg(r, 2)
  const end = share(arg(r, 0) * heads, 1, thread + 1, threads)
  for (let i = share(arg(r, 0) * heads, 1, thread, threads); i < end; i++) {
    const terms = f64(load<i32>(ptr(r, 4) + (usize(i / heads) << 2))) + 1
    const decay = load<f64>(ptr(r, 5) + (usize(i % heads) << 3))
    const sum = decay == 0 ? terms : expm1(terms * decay) / expm1(decay)
    const factor = f32(1 / sqrt(sum))
    const at = (usize(i) * usize(width)) << 2
    const f = splat(factor)
    const x = ptr(r, 3) + at
    const out = ptr(r, 6) + at
    let j = 0
    for (; j + 4 <= width; j += 4) v128.store(out + (usize(j) << 2), f32x4.mul(v128.load(x + (usize(j) << 2)), f))
    for (; j < width; j++) store<f32>(out + (usize(j) << 2), load<f32>(x + (usize(j) << 2)) * factor)
  }
}
