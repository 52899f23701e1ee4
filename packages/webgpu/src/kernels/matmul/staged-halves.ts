/** Staging of halves in workgroup memory: whole lines of eight where matrices may be loaded from such an array, else one by one. */
import type { Major, MatrixPlace, MatrixText } from './matrix-text.js'

export interface StagedHalves {
  readonly declaration: string
  /** Writes eight halves, the vec4<u32> `value`, from half `at` on, a multiple of 8. */
  line(at: string, value: string): string
  /** A matrix from half `offset` on, its lines `stride` halves apart. */
  place(offset: string, stride: number, major: Major): MatrixPlace
}

export function stagedHalves(array: string, size: number, text: MatrixText): StagedHalves {
  if (text.vectors) {
    return {
      declaration: `var<workgroup> ${array}: array<vec4<u32>, ${size / 8}>;`,
      line: (at, value) => `${array}[(${at}) / 8u] = ${value};`,
      place: (offset, stride, major) => ({ array, offset: `(${offset}) / 8u`, stride: stride / 8, major }),
    }
  }
  const word = (w: number) =>
    `{ let two = ${text.twoHalves(`words[${w}]`)}; ${array}[at + ${2 * w}u] = two[0]; ${array}[at + ${2 * w + 1}u] = two[1]; }`
  return {
    declaration: `var<workgroup> ${array}: array<${text.half}, ${size}>;`,
    line: (at, value) => `{ let at = ${at}; let words = ${value}; ${[0, 1, 2, 3].map(word).join(' ')} }`,
    place: (offset, stride, major) => ({ array, offset, stride, major }),
  }
}
