/**
 * Retention, raw: S_t = gamma S_(t-1) + k_t^T v_t, o_t = q_t S_t (arXiv 2307.08621, equation 6), in two forms; the parallel form is the
 * chunkwise one with a single chunk. A masked token is left out of the list of tokens: it neither decays nor adds, and its output is 0.
 * Both forms work on (row, head, slice of Dv), so no thread needs another's results.
 *
 * Record: B, T, H, Dk, Dv, q, k, v, mask, stateIn, stateOut, out, reverse, powers, chunk, slices, decay
 *   powers: per head gamma^0 .. gamma^chunk, f32 [H, chunk + 1] (chunkwise); decay: gamma f32 [H]
 */
import { F32 } from './pack'
import { GEMM_SCRATCH, gemm } from './gemm'
import { arg, ptr, share } from './record'
import { copyFloats, fillFloats, madd, scaleFloats, splat } from './simd'

@inline
function masked(r: usize, b: i32, t: i32): bool {
  const mask = ptr(r, 8)
  return mask != 0 && load<i32>(mask + (usize(b * arg(r, 1) + t) << 2)) == 0
}

// Byte offset of token t, head h in [B, T, H, width].
@inline
function token(r: usize, b: i32, t: i32, h: i32, width: i32): usize {
  return (usize((b * arg(r, 1) + t) * arg(r, 2) + h) * usize(width)) << 2
}

// The columns c0..c1 of this head's state, from the input state or zeros, into the output state.
export function startState(r: usize, head: i32, c0: i32, c1: i32): void {
  const keyWidth = arg(r, 3)
  const rowBytes = usize(arg(r, 4)) << 2
  const at = usize(head) * usize(keyWidth) * rowBytes + (usize(c0) << 2)
  const from = ptr(r, 9)
  const to = ptr(r, 10)
  if (from == to) return
  for (let i = 0; i < keyWidth; i++) {
    const row = at + usize(i) * rowBytes
    if (from) copyFloats(to + row, from + row, c1 - c0)
    else fillFloats(to + row, 0, c1 - c0)
  }
}

const BLOCK: i32 = 16

export function recurrentKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const heads = arg(r, 2)
  const valueWidth = arg(r, 4)
  const blocks = (valueWidth + BLOCK - 1) / BLOCK
  const items = arg(r, 0) * heads * blocks
  const end = share(items, 1, thread + 1, threads)
  for (let item = share(items, 1, thread, threads); item < end; item++) {
    const head = item / blocks
    const c0 = (item % blocks) * BLOCK
    const c1 = min(c0 + BLOCK, valueWidth)
    startState(r, head, c0, c1)
    recurrentBlock(r, head / heads, head % heads, c0, c1)
  }
}

export function recurrentBlock(r: usize, b: i32, h: i32, c0: i32, c1: i32): void {
  const length = arg(r, 1)
  const keyWidth = arg(r, 3)
  const valueWidth = arg(r, 4)
  const reverse = arg(r, 12) != 0
  const gamma = load<f32>(ptr(r, 16) + (usize(h) << 2))
  const state = ptr(r, 10) + (usize(b * arg(r, 2) + h) * usize(keyWidth) * usize(valueWidth) << 2)
  for (let i = 0; i < length; i++) {
    const t = reverse ? length - 1 - i : i
    const place = token(r, b, t, h, valueWidth)
    const out = ptr(r, 11) + place
    if (masked(r, b, t)) {
      fillFloats(out + (usize(c0) << 2), 0, c1 - c0)
      continue
    }
    const key = token(r, b, t, h, keyWidth)
    const q = ptr(r, 5) + key
    const k = ptr(r, 6) + key
    const v = ptr(r, 7) + place
    let c = c0
    for (; c + 16 <= c1; c += 16) step16(q, k, v + (usize(c) << 2), state + (usize(c) << 2), out + (usize(c) << 2), keyWidth, valueWidth, gamma, reverse)
    for (; c < c1; c++) step1(q, k, v + (usize(c) << 2), state + (usize(c) << 2), out + (usize(c) << 2), keyWidth, valueWidth, gamma, reverse)
  }
}

// One token, 16 columns of the state: decay, add and read in one pass.
export function step16(
  q: usize, k: usize, v: usize, state: usize, out: usize, keyWidth: i32, valueWidth: i32, gamma: f32, reverse: bool,
): void {
  const v0 = v128.load(v), v1 = v128.load(v, 16), v2 = v128.load(v, 32), v3 = v128.load(v, 48)
  const before = splat(reverse ? 1 : gamma)
  const after = splat(reverse ? gamma : 1)
  let o0 = splat(0), o1 = o0, o2 = o0, o3 = o0
  const rowBytes = usize(valueWidth) << 2
  for (const end = q + (usize(keyWidth) << 2); q < end; q += 4) {
    const query = v128.load32_splat(q)
    const key = v128.load32_splat(k)
    const s0 = madd(key, v0, f32x4.mul(v128.load(state), before))
    const s1 = madd(key, v1, f32x4.mul(v128.load(state, 16), before))
    const s2 = madd(key, v2, f32x4.mul(v128.load(state, 32), before))
    const s3 = madd(key, v3, f32x4.mul(v128.load(state, 48), before))
    o0 = madd(query, s0, o0)
    o1 = madd(query, s1, o1)
    o2 = madd(query, s2, o2)
    o3 = madd(query, s3, o3)
    v128.store(state, f32x4.mul(s0, after))
    v128.store(state, f32x4.mul(s1, after), 16)
    v128.store(state, f32x4.mul(s2, after), 32)
    v128.store(state, f32x4.mul(s3, after), 48)
    k += 4
    state += rowBytes
  }
  v128.store(out, o0)
  v128.store(out, o1, 16)
  v128.store(out, o2, 32)
  v128.store(out, o3, 48)
}

export function step1(
  q: usize, k: usize, v: usize, state: usize, out: usize, keyWidth: i32, valueWidth: i32, gamma: f32, reverse: bool,
): void {
  const value = load<f32>(v)
  const before: f32 = reverse ? 1 : gamma
  const after: f32 = reverse ? gamma : 1
  let o: f32 = 0
  for (let i: usize = 0; i < usize(keyWidth); i++) {
    const at = state + ((i * usize(valueWidth)) << 2)
    const s = load<f32>(at) * before + load<f32>(k + (i << 2)) * value
    o += load<f32>(q + (i << 2)) * s
    store<f32>(at, s * after)
  }
  store<f32>(out, o)
}

export function chunkwiseKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const heads = arg(r, 2)
  const valueWidth = arg(r, 4)
  const slices = arg(r, 15)
  const items = arg(r, 0) * heads * slices
  const end = share(items, 1, thread + 1, threads)
  for (let item = share(items, 1, thread, threads); item < end; item++) {
    const head = item / slices
    const c0 = share(valueWidth, 8, item % slices, slices)
    const c1 = share(valueWidth, 8, (item % slices) + 1, slices)
    if (c0 >= c1) continue
    startState(r, head, c0, c1)
    chunkwiseSlice(r, head / heads, head % heads, c0, c1, scratch)
  }
}

export function chunkwiseSlice(r: usize, b: i32, h: i32, c0: i32, c1: i32, scratch: usize): void {
  const length = arg(r, 1)
  const chunk = arg(r, 14)
  const reverse = arg(r, 12) != 0
  const list = scratch + GEMM_SCRATCH
  let count = 0
  for (let i = 0; i < length; i++) {
    const t = reverse ? length - 1 - i : i
    if (masked(r, b, t)) fillFloats(ptr(r, 11) + token(r, b, t, h, arg(r, 4)) + (usize(c0) << 2), 0, c1 - c0)
    else store<i32>(list + (usize(count++) << 2), t)
  }
  for (let first = 0; first < count; first += chunk) {
    chunkStep(r, b, h, c0, c1, list + (usize(first) << 2), min(chunk, count - first), scratch, ptr(r, 9) != 0 || first > 0)
  }
}

// One chunk of n listed tokens: o = (q k^T * decay) v + gamma^.. q S, then S = gamma^n S + (gamma^.. k)^T v.
export function chunkStep(
  r: usize, b: i32, h: i32, c0: i32, c1: i32, list: usize, n: i32, scratch: usize, hasState: bool,
): void {
  const keyWidth = arg(r, 3)
  const valueWidth = arg(r, 4)
  const chunk = arg(r, 14)
  const late = arg(r, 12) != 0 ? 0 : 1
  const wide = c1 - c0
  const keyBytes = usize(keyWidth) << 2
  const wideBytes = usize(wide) << 2
  const powers = ptr(r, 13) + (usize(h) * usize(chunk + 1) << 2)
  const q = scratch + GEMM_SCRATCH + ((usize(arg(r, 1)) + 3) << 2)
  const k = q + usize(chunk) * keyBytes
  const v = k + usize(chunk) * keyBytes
  const o = v + usize(chunk) * wideBytes
  const scores = o + usize(chunk) * wideBytes
  for (let i = 0; i < n; i++) {
    const t = load<i32>(list + (usize(i) << 2))
    const key = token(r, b, t, h, keyWidth)
    copyFloats(q + usize(i) * keyBytes, ptr(r, 5) + key, keyWidth)
    copyFloats(k + usize(i) * keyBytes, ptr(r, 6) + key, keyWidth)
    copyFloats(v + usize(i) * wideBytes, ptr(r, 7) + token(r, b, t, h, valueWidth) + (usize(c0) << 2), wide)
  }
  gemm(n, n, keyWidth, q, keyWidth, 1, k, keyWidth, 1, F32, 0, 0, 0, 0, scores, n, scratch)
  decayScores(scores, powers, n)
  gemm(n, wide, n, scores, n, 1, v, 1, wide, F32, 0, 0, 0, 0, o, wide, scratch)
  const state = ptr(r, 10) + ((usize(b * arg(r, 2) + h) * usize(keyWidth) * usize(valueWidth) + usize(c0)) << 2)
  if (hasState) {
    for (let i = 0; i < n; i++) scaleFloats(q + usize(i) * keyBytes, load<f32>(powers + (usize(i + late) << 2)), keyWidth)
    gemm(n, wide, keyWidth, q, keyWidth, 1, state, 1, valueWidth, F32, 0, 0, o, wide, o, wide, scratch)
  }
  for (let i = 0; i < n; i++) {
    const t = load<i32>(list + (usize(i) << 2))
    copyFloats(ptr(r, 11) + token(r, b, t, h, valueWidth) + (usize(c0) << 2), o + usize(i) * wideBytes, wide)
    scaleFloats(k + usize(i) * keyBytes, load<f32>(powers + (usize(n - i - late) << 2)), keyWidth)
  }
  const decay = load<f32>(powers + (usize(n) << 2))
  for (let i = 0; i < keyWidth; i++) scaleFloats(state + ((usize(i) * usize(valueWidth)) << 2), decay, wide)
  gemm(keyWidth, wide, n, k, 1, keyWidth, v, 1, wide, F32, 0, 0, state, valueWidth, state, valueWidth, scratch)
}

// scores[i, j] *= gamma^(i - j) for j <= i, 0 above the diagonal.
export function decayScores(scores: usize, powers: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    const row = scores + ((usize(i) * usize(n)) << 2)
    for (let j = 0; j <= i; j++) {
      const at = row + (usize(j) << 2)
      store<f32>(at, load<f32>(at) * load<f32>(powers + (usize(i - j) << 2)))
    }
    fillFloats(row + (usize(i + 1) << 2), 0, n - i - 1)
  }
}
