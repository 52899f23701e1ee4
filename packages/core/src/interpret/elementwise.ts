import { sizeOf } from '../contract/tensor.js'
import { erf } from './erf.js'
import { type Meanings, type Tensor64, broadcastOffset, forEachIndex, strides } from './tensor64.js'

const unary =
  <Attributes>(apply: (x: number, attributes: Attributes) => number) =>
  ([x]: readonly (Tensor64 | null)[], attributes: Attributes) => [
    Float64Array.from(x!.data, (value) => apply(value, attributes)),
  ]

const binary =
  (apply: (a: number, b: number) => number) =>
  ([a, b]: readonly (Tensor64 | null)[], _attributes: unknown, [type]: readonly Tensor64['type'][]) => {
    const result = new Float64Array(sizeOf(type.shape))
    const [stepsA, stepsB] = [strides(a!.type.shape), strides(b!.type.shape)]
    forEachIndex(type.shape, (index, flat) => {
      const left = a!.data[broadcastOffset(a!.type.shape, stepsA, index)]
      result[flat] = apply(left, b!.data[broadcastOffset(b!.type.shape, stepsB, index)])
    })
    return [result]
  }

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

export const elementwiseMeanings: Meanings<
  'add' | 'sub' | 'mul' | 'div' | 'scale' | 'exp' | 'log' | 'erf' | 'sigmoid' | 'silu' | 'gelu' | 'rsqrt'
> = {
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  scale: unary((x, { factor }: { factor: number }) => x * factor),
  exp: unary((x) => Math.exp(x)),
  log: unary((x) => Math.log(x)),
  erf: unary((x) => erf(x)),
  sigmoid: unary(sigmoid),
  silu: unary((x) => x * sigmoid(x)),
  gelu: unary((x) => (x * (1 + erf(x * Math.SQRT1_2))) / 2),
  rsqrt: unary((x, { epsilon }: { epsilon: number }) => 1 / Math.sqrt(x + epsilon)),
}
