/** Cross-entropy of rows of logits. A target of -1 counts nothing; any other target outside the row gives NaN. */
import { log64 } from './math'
import { arg, ptr, share } from './record'
import { rowExp, rowMax } from './reduce'
import { fillFloats, scaleFloats } from './simd'

// Record: rows, width, logits, targets, out
export function crossEntropyKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const width = arg(r, 1)
  const end = share(arg(r, 0), 1, thread + 1, threads)
  for (let row = share(arg(r, 0), 1, thread, threads); row < end; row++) {
    const target = load<i32>(ptr(r, 3) + (usize(row) << 2))
    const out = ptr(r, 4) + (usize(row) << 2)
    const x = ptr(r, 2) + ((usize(row) * usize(width)) << 2)
    if (u32(target) >= u32(width)) {
      store<f32>(out, target == -1 ? 0 : NaN)
      continue
    }
    const top = rowMax(x, width)
    const sum = rowExp(x, width, top, 0)
    store<f32>(out, f32(log64(f64(sum)) + f64(top) - f64(load<f32>(x + (usize(target) << 2)))))
  }
}

// Record: rows, width, logits, targets, dLoss, out
export function crossEntropyGradKernel(r: usize, thread: i32, threads: i32, scratch: usize): void {
  const width = arg(r, 1)
  const end = share(arg(r, 0), 1, thread + 1, threads)
  for (let row = share(arg(r, 0), 1, thread, threads); row < end; row++) {
    const target = load<i32>(ptr(r, 3) + (usize(row) << 2))
    const at = (usize(row) * usize(width)) << 2
    const out = ptr(r, 5) + at
    if (u32(target) >= u32(width)) {
      fillFloats(out, target == -1 ? 0 : NaN, width)
      continue
    }
    const factor = load<f32>(ptr(r, 4) + (usize(row) << 2))
    const sum = rowExp(ptr(r, 2) + at, width, rowMax(ptr(r, 2) + at, width), out)
    const hit = out + (usize(target) << 2)
    scaleFloats(out, factor / sum, width)
    store<f32>(hit, load<f32>(hit) - factor)
  }
}
