import type { EmitRules } from '../emitter.js'
import { operand } from '../weights.js'

export const normRules: EmitRules<'rmsNorm' | 'layerNorm'> = {
  // the form that runtimes know and replace by one kernel
  rmsNorm(e, { inputs: [x, weight], attributes: { epsilon } }) {
    const value = operand(e, x!)
    const square = e.node('Pow', [value, e.writer.floats([2])])
    const mean = e.node('ReduceMean', [square, e.writer.integers([-1])], { keepdims: 1 })
    const root = e.node('Sqrt', [e.node('Add', [mean, e.writer.floats([epsilon])])])
    const normal = e.node('Div', [value, root])
    const scale = weight === null ? onesOf(e, x!) : operand(e, weight)
    return [e.node('Mul', [normal, scale])]
  },
  layerNorm(e, { inputs: [x, weight, bias], attributes: { epsilon } }) {
    const scale = weight === null ? onesOf(e, x!) : operand(e, weight)
    const shift = bias === null ? [] : [operand(e, bias)]
    const attributes = { axis: -1, epsilon: { float: epsilon } }
    return [e.node('LayerNormalization', [operand(e, x!), scale, ...shift], attributes)]
  },
}

function onesOf(e: Parameters<EmitRules<'rmsNorm'>['rmsNorm']>[0], x: number): string {
  const width = e.shapeOf(x).at(-1)!
  return e.writer.floats(new Array<number>(width).fill(1), [width])
}
