/**
 * How a kernel reads its record, and how it takes its share of the work. A record is [opcode, parts, number of its first part on the
 * tape, parts that must be done before it, arguments...].
 */
export const RECORD_BYTES: usize = 192

@inline
export function arg(record: usize, index: i32): i32 {
  return load<i32>(record + 16 + (usize(index) << 2))
}

@inline
export function ptr(record: usize, index: i32): usize {
  return load<usize>(record + 16 + (usize(index) << 2))
}

@inline
export function float(record: usize, index: i32): f32 {
  return load<f32>(record + 16 + (usize(index) << 2))
}

/** Start of share `part` of `parts` when `count` things are cut at multiples of `grain`. */
@inline
export function share(count: i32, grain: i32, part: i32, parts: i32): i32 {
  const groups = (i64(count) + grain - 1) / grain
  return i32(min<i64>(((groups * part) / parts) * grain, count))
}
