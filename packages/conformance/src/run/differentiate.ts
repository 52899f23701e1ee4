/** Runs the gradient graph of a case on a backend and compares every gradient with the interpreter. */
import { type Backend, type Graph, type GraphBuilder, type Value, add, gradient, mul, reshape, sum } from '@retnet/core'
import { type OpCase, defaultGradientTolerance, defaultTolerance } from '../case.js'
import type { Difference } from './difference.js'
import { compareRuns } from './evaluate.js'
import { caseGraph, prepare } from './prepare.js'

/** Gradients smaller than this are sums of larger numbers that cancel: they are compared with this. */
const gradientFloor = 0.05

export function hasGradient(opCase: OpCase): boolean {
  return differentiableBy(opCase, caseGraph(opCase)).length > 0
}

export async function differentiate(backend: Backend, opCase: OpCase): Promise<readonly Difference[]> {
  const prepared = prepare(opCase, gradientGraph(opCase))
  const share = (opCase.tolerance ?? defaultTolerance) / defaultTolerance
  return compareRuns(backend, opCase, prepared, share * defaultGradientTolerance, gradientFloor)
}

/** The gradient of the sum of all outputs, each number weighted at random, so that every part of every gradient shows. */
export function gradientGraph(opCase: OpCase): Graph {
  const withLoss: OpCase = { ...opCase, build: (g) => ({ loss: weightedSum(g, opCase.build(g)) }) }
  return gradient(caseGraph(withLoss), { loss: 'loss', by: differentiableBy(opCase, caseGraph(opCase)) })
}

function weightedSum(g: GraphBuilder, outputs: Readonly<Record<string, Value>>): Value {
  const sums = Object.entries(outputs)
    .filter(([, value]) => value.type.dtype === 'f32')
    .map(([name, value]) => {
      const weighted = mul(value, g.input(`weight of ${name}`, value.type.shape))
      const axes = value.type.shape.map((_, axis) => axis)
      return reshape(sum(weighted, axes), [1])
    })
  return sums.reduce((total, part) => add(total, part))
}

function differentiableBy({ by }: OpCase, graph: Graph): readonly string[] {
  if (by) return by
  const sources = [
    ...graph.inputs,
    ...graph.parameters,
    ...graph.states.map(({ name, input }) => ({ name, value: input })),
  ]
  return sources.filter(({ value }) => graph.types[value].dtype === 'f32').map(({ name }) => name)
}
