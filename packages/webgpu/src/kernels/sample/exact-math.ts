/** WGSL functions that are good to about 2^-22 everywhere: the built-in exp and log may be off by far more. */

/** Declares `expOf(x)` for x from -87 to 0; expOf(0) is 1. Ranges and constants as in Cephes. */
export const expFunction = `fn expOf(x: f32) -> f32 {
  let n = round(x * 1.44269504);
  let r = (x - n * 0.693359375) + n * 2.12194440e-4;
  let p = 1.0 + r * (1.0 + r * (0.5 + r * (0.166666667 + r * (0.0416666667 + r * (0.00833333333 + r * 0.00138888889)))));
  return p * bitcast<f32>(u32(i32(n) + 127) << 23u);
}`

/** Declares `finishTime(n)`: -ln(1 - v) of v = (n + 1/2) / 2^32, also where v is near 0 or near 1. */
export const finishTimeFunction = `fn finishTime(n: u32) -> f32 {
  let v = (f32(n) + 0.5) * 2.3283064365386963e-10;
  // 1 - v = f 2^e, f from sqrt(1/2) to sqrt(2)
  let bits = bitcast<u32>((f32(~n) + 0.5) * 2.3283064365386963e-10);
  let e = i32((bits + 0x4afb0du) >> 23u) - 127;
  let x = select(bitcast<f32>(bits - (bitcast<u32>(e) << 23u)) - 1.0, -v, v < 0.29);
  let s = x / (2.0 + x);
  let t = s * s;
  let series = 1.0 + t * (0.333333333 + t * (0.2 + t * (0.142857143 + t * (0.111111111 + t * 0.0909090909))));
  return -(select(f32(e), 0.0, v < 0.29) * 0.693147181 + 2.0 * s * series);
}`

/** Declares `keyOf(x)`, whole numbers in the order of finite floats, all above 0, and its inverse `valueOf(key)`. */
export const keyFunctions = `fn keyOf(x: f32) -> u32 {
  let bits = bitcast<u32>(select(x, 0.0, x == 0.0));
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}
fn valueOf(key: u32) -> f32 { return bitcast<f32>(select(~key, key & 0x7fffffffu, key >= 0x80000000u)); }`
