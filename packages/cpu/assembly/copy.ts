/** Strided copies: transpose, slice, concat and broadcast are all this one kernel. */
import { arg, float, ptr, share } from './record'
import { copyFloats, fillFloats } from './simd'

const RANK: i32 = 7

// Record: outer, inner, source, target, sourceStep, targetStep, extents[7], sourceStrides[7], targetStrides[7]
export function copyKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const inner = arg(r, 1)
  const total = i64(arg(r, 0)) * inner
  const groups = (total + 15) / 16
  const end = min(((groups * (thread + 1)) / threads) * 16, total)
  const sourceStep = usize(arg(r, 4)) << 2
  const targetStep = usize(arg(r, 5)) << 2
  let at = ((groups * thread) / threads) * 16
  while (at < end) {
    let rest = i32(at / inner)
    const skip = i32(at % inner)
    const count = i32(min<i64>(inner - skip, end - at))
    let from: usize = 0
    let to: usize = 0
    for (let axis = RANK - 1; axis >= 0; axis--) {
      const extent = arg(r, 6 + axis)
      if (extent == 1) continue
      const index = rest % extent
      rest /= extent
      from += usize(index) * usize(arg(r, 6 + RANK + axis))
      to += usize(index) * usize(arg(r, 6 + 2 * RANK + axis))
    }
    from = ptr(r, 2) + (from << 2) + usize(skip) * sourceStep
    to = ptr(r, 3) + (to << 2) + usize(skip) * targetStep
    if (sourceStep == 4 && targetStep == 4) copyFloats(to, from, count)
    else {
      for (let i = 0; i < count; i++) {
        store<u32>(to, load<u32>(from))
        from += sourceStep
        to += targetStep
      }
    }
    at += count
  }
}

// Record: count, value, out
export function fillKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const start = share(arg(r, 0), 16, thread, threads)
  fillFloats(ptr(r, 2) + (usize(start) << 2), float(r, 1), share(arg(r, 0), 16, thread + 1, threads) - start)
}
