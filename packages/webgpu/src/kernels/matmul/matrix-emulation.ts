/** Subgroup matrices in plain WGSL and f32 for tests of the tile kernel on adapters that have none: each of 32 lanes keeps 8 elements. */
import type { MatrixPlace, MatrixText } from './matrix-text.js'

/** A loaded matrix is only the place it came from: workgroup memory does not change before it is multiplied. */
export const emulatedMatrixText: MatrixText = {
  enables: [],
  attribute: '',
  half: 'f32',
  vectors: false,
  twoHalves: (word) => `unpack2x16float(${word})`,
  accumulator: (name) => `var ${name}: array<f32, 8>;`,
  left: (name, { offset, stride, major }) => `let ${name} = ${steps(offset, stride, major === 'row_major')};`,
  right: (name, { offset, stride, major }) => `let ${name} = ${steps(offset, stride, major === 'row_major')};`,
  multiply: (sum, left, right) => `for (var e = 0u; e < 8u; e++) {
let i = (lane % 32u * 8u + e) / 16u; let j = (lane % 32u * 8u + e) % 16u;
for (var n = 0u; n < 16u; n++) { ${sum}[e] += tileA[${left}.x + i * ${left}.y + n * ${left}.z] * tileB[${right}.x + n * ${right}.y + j * ${right}.z]; }
}`,
  store: (sum, { array, offset, stride }) => `for (var e = 0u; e < 8u; e++) {
let element = lane % 32u * 8u + e;
${array}[${offset} + element / 16u * ${stride}u + element % 16u] = ${sum}[e];
}`,
}

/** Offset, step between rows, step between columns. */
function steps(offset: string, stride: MatrixPlace['stride'], rowMajor: boolean): string {
  return rowMajor ? `vec3u(${offset}, ${stride}u, 1u)` : `vec3u(${offset}, 1u, ${stride}u)`
}
