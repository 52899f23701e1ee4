/** exp(x) - 1 without cancellation near 0, for x <= 0. */
export const expm1Function = `fn expm1(x: f32) -> f32 {
  if (x < -0.5) { return exp(x) - 1.0; }
  return x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0 * (1.0 + x / 7.0 * (1.0 + x / 8.0)))))));
}`
