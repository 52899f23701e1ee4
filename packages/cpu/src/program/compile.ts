/** From a graph to a program: checks, lowers, plans the memory; gives everything back when one of them fails. */
import {
  ArgumentError,
  type CompileOptions,
  DisposedError,
  type Graph,
  GraphError,
  UnsupportedError,
  type ValueId,
  check,
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
const known: readonly string[] = ['weights', 'form', 'chunk', 'signal'] satisfies (keyof CompileOptions)[]
const forms: readonly string[] = ['auto', 'parallel', 'recurrent', 'chunkwise']

export function compileGraph(engine: Engine, graph: Graph, options: CompileOptions): CpuProgram {
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
    return new CpuProgram(l, layout, [...resolved.weights.values()])
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
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown) {
    throw new ArgumentError({
      argument: `compile option ${unknown}`,
      expected: `one of ${known.join(', ')}`,
      actual: 'an unknown name',
    })
  }
  if (!forms.includes(form))
    throw new ArgumentError({ argument: 'form', expected: `one of ${forms.join(', ')}`, actual: form })
  if (!Number.isInteger(chunk) || chunk < 1)
    throw new ArgumentError({ argument: 'chunk', expected: 'a whole number of at least 1', actual: chunk })
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
