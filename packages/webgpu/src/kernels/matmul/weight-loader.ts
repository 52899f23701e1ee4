/** WGSL that reads elements of a weight in any encoding as f32. */
import { weightBlockSize } from '@retnet/core'
import { type Binding, read } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import type { GpuEncoding } from '../../memory/gpu-weight.js'

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
  const scales = encoding === 'q8' ? [read(`${name}Scales`, lowering.weight(value, 'scales'))] : []
  return {
    bindings: [read(name, slot, element), ...scales],
    declarations: vectors ? vectorText(name, encoding, columns) : scalarText(name, encoding, columns),
    vectors,
  }
}

const vectorElement: Readonly<Record<GpuEncoding, string>> = { f32: 'vec4<f32>', f16: 'vec2<u32>', q8: 'u32' }

function vectorText(name: string, encoding: GpuEncoding, columns: number): string {
  const at = `row * ${columns / 4}u + four`
  const value = {
    f32: `${name}[${at}]`,
    f16: `vec4f(unpack2x16float(${name}[${at}].x), unpack2x16float(${name}[${at}].y))`,
    q8: `vec4f(unpack4xI8(${name}[${at}])) * ${name}Scales[row * ${Math.ceil(columns / weightBlockSize)}u + four / ${weightBlockSize / 4}u]`,
  }[encoding]
  return `fn ${name}Four(row: u32, four: u32) -> vec4f { return ${value}; }
fn ${name}At(row: u32, column: u32) -> f32 { return ${name}Four(row, column / 4u)[column % 4u]; }`
}

function scalarText(name: string, encoding: GpuEncoding, columns: number): string {
  const value = {
    f32: `${name}[at]`,
    f16: `unpack2x16float(${name}[at / 2u])[at % 2u]`,
    q8: `f32(unpack4xI8(${name}[at / 4u])[at % 4u]) * ${name}Scales[row * ${Math.ceil(columns / weightBlockSize)}u + column / ${weightBlockSize}u]`,
  }[encoding]
  return `fn ${name}At(row: u32, column: u32) -> f32 { let at = row * ${columns}u + column; return ${value}; }`
}
