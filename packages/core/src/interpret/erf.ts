/**
 * Error function in float64, to about 1e-15: the series of positive terms below 3, the continued fraction of erfc above.
 * (NIST Digital Library of Mathematical Functions 7.6.2 and 7.9.1.)
 */
export function erf(x: number): number {
  const size = Math.abs(x)
  if (Number.isNaN(x)) return x
  if (size > 6) return Math.sign(x)
  return Math.sign(x) * (size < 3 ? series(size) : 1 - complement(size))
}

function series(x: number): number {
  let term = x
  let total = x
  for (let n = 1; term > 1e-17 * total; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    total += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total
}

function complement(x: number): number {
  let fraction = x
  for (let n = 60; n >= 1; n--) fraction = x + n / 2 / fraction
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction)
}
