import type { Graph, NamedValue } from '../contract/graph.js'
import { showType } from '../contract/tensor.js'

/** A graph as text, one line a value: what tests compare and people read. */
export function print(graph: Graph): string {
  const names = new Map<number, string>()
  const declare = (kind: string, { name, value }: NamedValue) => {
    names.set(value, `%${name}`)
    return `${kind} %${name}: ${showType(graph.types[value])}`
  }
  const head = [
    ...graph.inputs.map((entry) => declare('input', entry)),
    ...graph.parameters.map((entry) => declare('parameter', entry)),
    ...graph.states.map(({ name, input }) => declare('state', { name, value: input })),
  ]
  const show = (id: number | null) => (id === null ? '_' : (names.get(id) ?? `%${id}`))
  const body = graph.nodes.map((node) => {
    const results = node.outputs.map((id) => `${show(id)}: ${showType(graph.types[id])}`).join(', ')
    return `${results} = ${node.op}(${node.inputs.map(show).join(', ')})${showAttributes(node.attributes)}`
  })
  const tail = [
    ...graph.states.map(({ name, output }) => `next %${name} = ${show(output)}`),
    ...graph.outputs.map(({ name, value }) => `output ${name} = ${show(value)}`),
  ]
  return [`graph ${graph.name}`, ...[...head, ...body, ...tail].map((line) => `  ${line}`)].join('\n')
}

function showAttributes(attributes: object): string {
  const entries = Object.entries(attributes).map(([key, value]) => `${key}: ${showAttribute(value)}`)
  return entries.length ? ` { ${entries.join(', ')} }` : ''
}

function showAttribute(value: unknown): string {
  if (!Array.isArray(value)) return String(value)
  if (value.length > 8) return `[${value.length} numbers]`
  return `[${value.map((item) => (Number.isInteger(item) ? item : Number(item).toPrecision(6))).join(', ')}]`
}
