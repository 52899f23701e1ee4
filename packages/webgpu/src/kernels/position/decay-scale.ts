/** WGSL of what decayNorm multiplies a row with: 1 over the root of the decay sum of its position. Needs `expm1`. */
export function decayScale(name: string, place: string, rates: string, heads: number): string {
  return `fn ${name}(row: u32) -> f32 {
  let rate = ${rates}[row % ${heads}u];
  let count = f32(${place}[row / ${heads}u] + 1);
  return inverseSqrt(select(expm1(rate * count) / expm1(rate), count, rate == 0.0));
}`
}
