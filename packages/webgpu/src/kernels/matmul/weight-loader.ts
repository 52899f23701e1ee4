/** WGSL that reads elements of a weight in any encoding as f32. */
import { isQuantized, type WeightEncoding, weightBlockSize } from '@retnet/core'
import { type Binding, read } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { numbersPerWord, rowWords, unpackFour, unpackFunctions } from '../../compile/packed.js'

export interface MatrixLoader {
  readonly bindings: readonly Binding[]
  /** Declares `NAMEAt(row, column) -> f32` and, if the columns allow, `NAMEFour(row, four) -> vec4f` (columns 4 four ...). */
  readonly declarations: string
  /** True when `NAMEFour` exists. */
  readonly vectors: boolean
}

/** A row-major matrix [rows, columns]: an activation, or a weight in its encoding. */
export function matrixLoader(lowering: Lowering, name: string, value: number, columns: number): MatrixLoader {
  const encoding = lowering.encoding(value) ?? 'f32'
  const vectors = columns % 4 === 0
  const slot = lowering.encoding(value) ? lowering.weight(value, 'data') : lowering.slot(value)
  const element = vectors ? vectorElement[encoding] : encoding === 'f32' ? 'f32' : 'u32'
  const scales = isQuantized(encoding) ? [read(`${name}Scales`, lowering.weight(value, 'scales'))] : []
  return {
    bindings: [read(name, slot, element), ...scales],
    declarations: vectors ? vectorText(name, encoding, columns) : scalarText(name, encoding, columns),
    vectors,
  }
}

const vectorElement: Readonly<Record<WeightEncoding, string>> = {
  f32: 'vec4<f32>',
  f16: 'vec2<u32>',
  q8: 'u32',
  q4: 'u32',
}

function vectorText(name: string, encoding: WeightEncoding, columns: number): string {
  return `${unpackText(name, encoding)}fn ${name}Four(row: u32, four: u32) -> vec4f { ${fourText(name, encoding, columns)} }
fn ${name}At(row: u32, column: u32) -> f32 { return ${name}Four(row, column / 4u)[column % 4u]; }`
}

/** Two operands of a kernel may be packed alike; each has functions of its own. */
function unpackText(name: string, encoding: WeightEncoding): string {
  const text = unpackFunctions[encoding]
  return text === '' ? '' : `${text.replaceAll(/fn (\w+)/g, `fn ${name}_$1`)}\n`
}

function fourText(name: string, encoding: WeightEncoding, columns: number): string {
  const scale = `${name}Scales[row * ${Math.ceil(columns / weightBlockSize)}u + four / ${weightBlockSize / 4}u]`
  if (encoding === 'q4') {
    return `let word = ${name}[row * ${rowWords('q4', columns)}u + four / 2u];
  if (four % 2u == 0u) { return ${name}_${unpackFour('q4', 'word', 1, 0)} * ${scale}; }
  return ${name}_${unpackFour('q4', 'word', 1, 1)} * ${scale};`
  }
  const load = `${name}[row * ${columns / 4}u + four]`
  if (encoding === 'q8') return `return ${name}_${unpackFour('q8', load, 1, 0)} * ${scale};`
  return `let load = ${load}; return ${unpackFour(encoding, 'load', numbersPerWord[encoding] === 1 ? 1 : 2, 0)};`
}

function scalarText(name: string, encoding: WeightEncoding, columns: number): string {
  const scale = `${name}Scales[row * ${Math.ceil(columns / weightBlockSize)}u + column / ${weightBlockSize}u]`
  const value = {
    f32: `${name}[at]`,
    f16: `unpack2x16float(${name}[at / 2u])[at % 2u]`,
    q8: `f32(unpack4xI8(${name}[at / 4u])[at % 4u]) * ${scale}`,
    q4: `(f32((${name}[row * ${rowWords('q4', columns)}u + column / 8u] >> (column % 8u * 4u)) & 15u) - 8.0) * ${scale}`,
  }[encoding]
  return `fn ${name}At(row: u32, column: u32) -> f32 { let at = row * ${columns}u + column; return ${value}; }`
}
