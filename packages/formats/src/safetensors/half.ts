/**
 * Conversions between float32 and the two 16-bit floats. Widening is exact, subnormals and NaN payloads included;
 * narrowing rounds to nearest, ties to even, and overflows to infinity.
 */

let float16Table: Uint32Array | undefined

/** IEEE binary16 to float32. */
export function float16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  float16Table ??= buildFloat16Table()
  const table = float16Table
  const bits = new Uint32Array(halves.length)
  for (let i = 0; i < halves.length; i++) bits[i] = table[halves[i]]
  return new Float32Array(bits.buffer)
}

/** The upper half of a float32, as bfloat16 stores it, to float32. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length)
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16
  return new Float32Array(bits.buffer)
}

/** Float32 to IEEE binary16. */
export function float32ToFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = bitsOf(values)
  const halves = new Uint16Array(values.length)
  for (let i = 0; i < bits.length; i++) halves[i] = narrowToFloat16(bits[i])
  return halves
}

/** Float32 to bfloat16. */
export function float32ToBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = bitsOf(values)
  const halves = new Uint16Array(values.length)
  for (let i = 0; i < bits.length; i++) halves[i] = narrowToBfloat16(bits[i])
  return halves
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length)
}

function narrowToFloat16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  // NaN: keep the upper payload and set the quiet bit, so that it does not turn into infinity.
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff)
  // 65520 is halfway between the largest half and the next power of two; the tie goes to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude >= 0x38800000) {
    // Normal: rebias the exponent from 127 to 15; a carry out of the mantissa moves into the exponent as it should.
    return sign | roundShift(magnitude - 0x38000000, 13)
  }
  // Below 2^-25 (and at it, by ties to even) the nearest half is zero.
  if (magnitude <= 0x33000000) return sign
  const exponent = magnitude >>> 23
  return sign | roundShift((magnitude & 0x7fffff) | 0x800000, 126 - exponent)
}

function narrowToBfloat16(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x0040
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16
}

/** `value / 2^shift`, rounded to nearest, ties to even. */
function roundShift(value: number, shift: number): number {
  const half = 1 << (shift - 1)
  const kept = value >>> shift
  const rest = value & ((1 << shift) - 1)
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept
}

/** Float32 bits of each of the 65,536 halves. */
function buildFloat16Table(): Uint32Array {
  const table = new Uint32Array(65536)
  for (let half = 0; half < 65536; half++) table[half] = widen(half)
  return table
}

function widen(half: number): number {
  const sign = (half & 0x8000) << 16
  const exponent = (half >>> 10) & 0x1f
  const mantissa = half & 0x3ff
  if (exponent === 31) return sign | 0x7f800000 | (mantissa << 13)
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (mantissa << 13)
  if (mantissa === 0) return sign
  // Subnormal half, normal float: shift the leading one out and lower the exponent to match.
  const shift = Math.clz32(mantissa) - 21
  return sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13)
}
