/** A graph, printed as an ONNX model. Needs no ONNX Runtime. */
import { type DType, type Graph, check, expand } from '@retnet/core'
import { type EmitOptions, type EmitSettings, resolveEmitOptions } from './emit-options.js'
import { type DeclaredValue, type ModelParts, encodeModel, maxInlineBytes } from './encode-model.js'
import { type EmitRule, Emitter } from './emitter.js'
import { type ExternalData, ExternalFile } from './external-data.js'
import type { Name, OnnxNode } from './graph-writer.js'
import { expressible, rules } from './rules/rules.js'
import { describeWeights } from '../schema/metadata.js'
import { operand } from './weights.js'

export interface OnnxModel {
  /** The bytes of the .onnx file. */
  readonly model: Uint8Array
  /** The file beside it that holds the weights, or null where they are inside. */
  readonly externalData: ExternalData | null
}

/** Names of the input and the output that hold a state before and after a run. */
export function stateNames(state: string): { readonly input: string; readonly output: string } {
  return { input: `past.${state}`, output: `present.${state}` }
}

/**
 * Inputs, outputs and weights keep their names; a state `s` is the input `past.s` and the output `present.s`, zeros before the first
 * run. Throws GraphError for a malformed graph or a missing weight, UnsupportedError for what ONNX cannot express.
 */
export function emitOnnx(graph: Graph, options: EmitOptions): OnnxModel {
  check(graph)
  const settings = resolveEmitOptions(graph, options)
  const parts = printGraph(graph, settings)
  const bytes = parts.initializers.reduce((total, { data }) => total + data.byteLength, 0)
  const location = settings.externalData ?? (bytes > maxInlineBytes ? 'model.onnx_data' : undefined)
  if (location === undefined) return { model: encodeModel(parts, null), externalData: null }
  const file = new ExternalFile(location)
  return { model: encodeModel(parts, file), externalData: file.finish() }
}

/** The parts of the model, before they are bytes. */
export function printGraph(graph: Graph, settings: EmitSettings): ModelParts {
  const plain = expand(graph, expressible)
  const e = new Emitter(plain, settings)
  const inputs = declareInputs(e)
  for (const node of plain.nodes) {
    const names = (rules[node.op] as EmitRule<typeof node.op>)(e, node)
    node.outputs.forEach((value, index) => names[index] !== undefined && e.define(value, names[index]))
  }
  const { outputs, nodes } = nameOutputs(e)
  return {
    name: graph.name,
    nodes: needed(nodes, outputs),
    initializers: e.writer.initializers,
    inputs,
    outputs,
    metadata: { ...describeWeights(plain, settings.weights), ...settings.metadata },
  }
}

function declareInputs(e: Emitter): DeclaredValue[] {
  const { names, integers } = e.settings
  const wide = integers === 'int64'
  const ports = [
    ...e.graph.inputs.map(({ name, value }) => ({ name: names[name] ?? name, value, wide })),
    ...e.graph.states.map(({ name, input }) => ({ name: stateNames(name).input, value: input, wide: false })),
  ]
  for (const { name, value } of ports) e.define(value, name)
  e.extents.learn(e.graph, (value) => e.name(value))
  return ports.map((port) => {
    const { dtype } = e.typeOf(port.value)
    const type = dtype === 'i32' && port.wide ? 'i64' : dtype
    if (type === 'i64') e.define(port.value, e.node('Cast', [port.name], { to: 6 }))
    return declared(e, port.name, port.value, type)
  })
}

function declared(e: Emitter, name: string, value: number, type: DType | 'i64'): DeclaredValue {
  return { name, type, shape: e.shapeOf(value).map((extent) => e.extents.describe(extent)) }
}

/** Gives the outputs their names; where a value has no node of its own to rename, a node that copies it. */
function nameOutputs(e: Emitter): { outputs: DeclaredValue[]; nodes: OnnxNode[] } {
  const ports = [
    ...e.graph.outputs.map(({ name, value }) => ({ name: e.settings.names[name] ?? name, value })),
    ...e.graph.states.map(({ name, output }) => ({ name: stateNames(name).output, value: output })),
  ]
  const made = new Set(e.writer.nodes.flatMap(({ outputs }) => outputs))
  const renamed = new Map<Name, Name>()
  const copies: OnnxNode[] = []
  for (const { name, value } of ports) {
    const source = operand(e, value)
    if (made.has(source) && !renamed.has(source)) renamed.set(source, name)
    else copies.push({ op: 'Identity', domain: '', inputs: [source], outputs: [name], attributes: {} })
  }
  const rename = (name: Name) => renamed.get(name) ?? name
  const nodes = [...e.writer.nodes, ...copies].map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }))
  return { nodes, outputs: ports.map(({ name, value }) => declared(e, name, value, e.typeOf(value).dtype)) }
}

/** Without the nodes that no output needs: parts of an op whose results nobody reads. */
function needed(nodes: readonly OnnxNode[], outputs: readonly DeclaredValue[]): OnnxNode[] {
  const wanted = new Set(outputs.map(({ name }) => name))
  const kept = nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => wanted.has(name))) return false
    for (const name of node.inputs) wanted.add(name)
    return true
  })
  return kept.toReversed()
}
