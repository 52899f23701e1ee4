/** From a graph to a program: checks, lowers, plans the memory; gives everything back when one of them fails. */
import {
  type CompileOptions,
  DisposedError,
  type Graph,
  GraphError,
  UnsupportedError,
  type ValueId,
  check,
  checkCompileOptions,
  sameShape,
  showType,
} from '@retnet/core'
import { lowerGraph } from '../lower/lower-graph.js'
import type { Engine } from '../memory/engine.js'
import { Lowering, type LoweringOptions } from '../plan/lowering.js'
import { placeStates, updateStates } from '../plan/states.js'
import { supports } from '../plan/supports.js'
import { stateLayout } from '../state-layout.js'
import { CpuWeight } from '../weight.js'
import { CpuProgram } from './program.js'

/** Tokens per chunk: fastest for heads of 64 x 128 (16 to 64 differ by a tenth), and whole tiles of 6 and of 4 rows. */
const defaultChunk = 48

export function compileGraph(engine: Engine, graph: Graph, options: CompileOptions): CpuProgram {
  checkCompileOptions(options)
  options.signal?.throwIfAborted()
  engine.requireAlive()
  check(graph)
  requireSupport(graph)
  const resolved = resolveOptions(engine, graph, options)
  const l = new Lowering(graph, engine, resolved)
  try {
    const layout = stateLayout(graph)
    for (const { value } of graph.inputs) l.define(value)
    placeStates(l, layout)
    lowerGraph(l)
    updateStates(l)
    options.onProgress?.(0, l.calls.length)
    const program = new CpuProgram(l, layout, [...resolved.weights.values()])
    options.onProgress?.(l.calls.length, l.calls.length)
    return program
  } catch (error) {
    for (const address of l.constants) engine.free(address)
    throw error
  }
}

function requireSupport(graph: Graph): void {
  for (const node of graph.nodes) {
    const verdict = supports(node, graph)
    if (verdict !== true) throw new UnsupportedError(`op ${node.op}`, `${verdict}.`)
  }
}

function resolveOptions(engine: Engine, graph: Graph, options: CompileOptions): LoweringOptions {
  const { weights, form = 'auto', chunk = defaultChunk } = options
  const found = new Map<ValueId, CpuWeight>()
  for (const { name, value } of graph.parameters)
    found.set(value, requireWeight(engine, graph, name, value, weights[name]))
  return { weights: found, form, chunk }
}

function requireWeight(engine: Engine, graph: Graph, name: string, value: ValueId, weight: unknown): CpuWeight {
  if (!(weight instanceof CpuWeight) || weight.engine !== engine) {
    throw new GraphError(`compile: the weight ${name} was not uploaded to this backend.`)
  }
  if (!weight.alive) throw new DisposedError(`the weight ${name}`)
  if (sameShape(weight.type.shape, graph.types[value].shape)) return weight
  throw new GraphError(
    `compile: the weight ${name} is ${showType(weight.type)}, the graph wants ${showType(graph.types[value])}.`,
  )
}
