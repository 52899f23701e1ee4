/** WGSL of the subgroup matrix operations f16 x f16 -> f32, 16 x 16 x 16. Tests exchange it for text that every adapter runs. */

export type Major = 'row_major' | 'col_major'

/** Where a 16 x 16 matrix begins in an array, and the distance of its rows (or columns, if col_major). */
export interface MatrixPlace {
  readonly array: string
  readonly offset: string
  readonly stride: number
  readonly major: Major
}

export interface MatrixText {
  readonly enables: readonly string[]
  /** Attribute of the entry point: the compiler cannot see that the number of a subgroup is the same in all its lanes. */
  readonly attribute: string
  /** Type of a half in workgroup memory. */
  readonly half: string
  /** Matrices may be loaded from arrays of vec4<u32> too, eight halves each; offsets and strides then count vectors. */
  readonly vectors: boolean
  /** Expression of two halves (indexable) in the u32 `word`. */
  twoHalves(word: string): string
  accumulator(name: string): string
  left(name: string, place: MatrixPlace): string
  right(name: string, place: MatrixPlace): string
  multiply(accumulator: string, left: string, right: string): string
  /** Row-major. */
  store(accumulator: string, place: Omit<MatrixPlace, 'major'>): string
}

export const subgroupMatrixText: MatrixText = {
  enables: ['f16', 'subgroups', 'chromium_experimental_subgroup_matrix'],
  attribute: '@diagnostic(off, chromium.subgroup_matrix_uniformity)',
  half: 'f16',
  vectors: true,
  twoHalves: (word) => `bitcast<vec2<f16>>(${word})`,
  accumulator: (name) => `var ${name}: subgroup_matrix_result<f32, 16, 16>;`,
  left: (name, place) => `let ${name} = ${load('left', place)};`,
  right: (name, place) => `let ${name} = ${load('right', place)};`,
  multiply: (accumulator, left, right) =>
    `${accumulator} = subgroupMatrixMultiplyAccumulate(${left}, ${right}, ${accumulator});`,
  store: (accumulator, { array, offset, stride }) =>
    `subgroupMatrixStore<row_major>(&${array}, ${offset}, ${accumulator}, ${stride}u);`,
}

function load(side: 'left' | 'right', { array, offset, stride, major }: MatrixPlace): string {
  return `subgroupMatrixLoad<subgroup_matrix_${side}<f16, 16, 16>, ${major}>(&${array}, ${offset}, ${stride}u)`
}
