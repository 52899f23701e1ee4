/** Running a program several times in a row: the rules of `Repeat`, and how a backend that runs on the host does it. */
import type { Repeat } from '../contract/backend.js'
import type { Graph, ValueId } from '../contract/graph.js'
import { type NamedTensors, type TensorData, showType } from '../contract/tensor.js'
import { ArgumentError } from '../errors/argument-error.js'
import { GraphError } from '../errors/graph-error.js'

/** Throws for a count that is no count, and for a `carry` that the graph does not have or whose types differ. */
export function checkRepeat(graph: Graph, { times, carry = {} }: Repeat): void {
  if (!Number.isSafeInteger(times) || times < 1) {
    throw new ArgumentError({ argument: 'repeat.times', expected: 'a whole number of at least 1', actual: times })
  }
  const targets = Object.values(carry)
  for (const [from, to] of Object.entries(carry)) {
    const output = graph.outputs.find(({ name }) => name === from)
    const input = graph.inputs.find(({ name }) => name === to)
    if (!output || !input) {
      const missing = output ? `input ${to}` : `output ${from}`
      throw new GraphError(`repeat: the graph ${graph.name} has no ${missing} to carry.`)
    }
    const [made, wanted] = [output, input].map(({ value }) => showType(graph.types[value]))
    if (made !== wanted) throw new GraphError(`repeat: the output ${from} is ${made}, the input ${to} ${wanted}.`)
    if (targets.indexOf(to) !== targets.lastIndexOf(to)) {
      throw new GraphError(`repeat: the input ${to} is carried from two outputs.`)
    }
    // a backend may then keep both in one place
    if (graph.inputs.some(({ value }) => value === sourceOf(graph, output.value))) {
      throw new GraphError(`repeat: expected an output that the graph computes, ${from} is one of its inputs.`)
    }
  }
}

function sourceOf(graph: Graph, value: ValueId): ValueId {
  const maker = graph.nodes.find(({ outputs }) => outputs.includes(value))
  return maker?.op === 'reshape' ? sourceOf(graph, maker.inputs[0]!) : value
}

/** Calls `once` with the inputs of each run in turn, and stacks the outputs that are not carried. */
export function repeatRuns(
  { times, carry = {} }: Repeat,
  inputs: NamedTensors,
  once: (inputs: NamedTensors) => NamedTensors,
): NamedTensors {
  const runs: NamedTensors[] = []
  let given = inputs
  for (let run = 0; run < times; run++) {
    const outputs = once(given)
    const carried = Object.entries(carry).map(([from, to]) => [to, outputs[from]] as const)
    given = { ...given, ...Object.fromEntries(carried) }
    runs.push(outputs)
  }
  const names = Object.keys(runs[0]).filter((name) => !Object.hasOwn(carry, name))
  return Object.fromEntries(names.map((name) => [name, stack(runs.map((outputs) => outputs[name]))]))
}

function stack(parts: readonly TensorData[]): TensorData {
  const size = parts[0].length
  const all =
    parts[0] instanceof Int32Array ? new Int32Array(size * parts.length) : new Float32Array(size * parts.length)
  parts.forEach((part, index) => all.set(part, index * size))
  return all
}
