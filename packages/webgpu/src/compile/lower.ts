/** From a graph to a flat list of kernels over slots. Knows no buffers. */
import { type CompileOptions, type Graph, type GraphNode, type OpName, UnsupportedError, sizeOf } from '@retnet/core'
import { fuse } from '../fuse/fuse.js'
import type { Unit } from '../fuse/peephole.js'
import type { Profile } from '../device/profile.js'
import { DeviceLimitError } from '../errors.js'
import { GpuWeight } from '../memory/gpu-weight.js'
import { elementwiseKernels } from '../kernels/elementwise/elementwise.js'
import { embedKernels } from '../kernels/embed/embed.js'
import { lossKernels } from '../kernels/loss/loss.js'
import { matmulKernels } from '../kernels/matmul/matmul.js'
import { normKernels } from '../kernels/norm/norm.js'
import { positionKernels } from '../kernels/position/position.js'
import { reductionKernels } from '../kernels/reduction/reduction.js'
import { retentionKernels } from '../kernels/retention/retention.js'
import { sampleKernels } from '../kernels/sample/sample.js'
import { type StateDtype, inHalves } from '../memory/state-storage.js'
import { emitFromHalves, emitToHalves } from '../kernels/state/convert.js'
import { emitCopy, emitFill, structureKernels } from '../kernels/structure/structure.js'
import { emitUnpack } from '../kernels/matmul/unpack.js'
import type { Kernel, Slot } from './kernel.js'
import type { Lowering, LowerRule, LowerRules } from './lowering.js'

const rules: LowerRules<Exclude<OpName, 'reshape'>> = {
  ...elementwiseKernels,
  ...structureKernels,
  ...reductionKernels,
  ...normKernels,
  ...positionKernels,
  ...matmulKernels,
  ...embedKernels,
  ...retentionKernels,
  ...sampleKernels,
  ...lossKernels,
}

export const loweredOps = Object.keys(rules) as (keyof typeof rules)[]

export interface Lowered {
  readonly kernels: readonly Kernel[]
  /** The value whose memory a value shares: reshapes, and states updated in place. */
  readonly aliases: ReadonlyMap<number, number>
  readonly scratchBytes: readonly number[]
  readonly tables: readonly (Float32Array | Int32Array)[]
}

export interface LowerOptions extends CompileOptions {
  readonly stateDtype?: StateDtype
}

export function lower(graph: Graph, profile: Profile, options: LowerOptions): Lowered {
  const kernels: Kernel[] = []
  const scratchBytes: number[] = []
  const tables: (Float32Array | Int32Array)[] = []
  const aliases = aliasesOf(graph)
  const halves = statesInHalves(graph, aliases, options.stateDtype ?? 'f32')
  const parameters = new Map(graph.parameters.map(({ name, value }) => [value, name]))
  const encodingOf = (value: number) => {
    const name = parameters.get(value)
    return name === undefined ? null : options.weights[name].encoding
  }
  const lowering: Lowering = {
    profile,
    form: options.form ?? 'auto',
    chunk: options.chunk ?? (profile.barriers ? 128 : 64),
    rounded: graph.parameters.some(({ name }) => options.weights[name].encoding !== 'f32'),
    type: (value) => graph.types[value],
    encoding: encodingOf,
    slot(value) {
      const root = resolve(aliases, value)
      const name = parameters.get(root)
      const plain: Slot = { kind: 'value', value: root }
      if (halves.has(root)) return emitFromHalves(lowering, plain, sizeOf(graph.types[root].shape))
      if (name === undefined) return plain
      if (options.weights[name] instanceof GpuWeight) requireWhole(name, options.weights[name])
      if (encodingOf(root) === 'f32') return { kind: 'weight', name, part: 'data', piece: 0 }
      return emitUnpack(lowering, root, graph.types[root].shape)
    },
    state(value) {
      const root = resolve(aliases, value)
      return { slot: { kind: 'value', value: root }, half: halves.has(root) }
    },
    weight: (value, part) => ({ kind: 'weight', name: parameters.get(value)!, part, piece: 0 }),
    pieces(value) {
      const weight = options.weights[parameters.get(value) ?? '']
      return weight instanceof GpuWeight
        ? weight.pieces
        : [{ index: 0, first: 0, rows: graph.types[value].shape[0] ?? 1 }]
    },
    scratch: (bytes) => ({ kind: 'scratch', index: scratchBytes.push(bytes) - 1 }),
    table(data) {
      const known = tables.findIndex((table) => sameNumbers(table, data))
      return { kind: 'table', index: known < 0 ? tables.push(data) - 1 : known }
    },
    emit: (made) => void kernels.push(made),
  }
  const alone = (node: GraphNode): Unit => ({ nodes: [node], emit: () => lowerNode(graph, node, lowering) })
  const units = profile.fuse ? fuse(graph, lowering, alone) : graph.nodes.map(alone)
  for (const unit of units) {
    for (const node of unit.nodes) prepareInPlace(graph, node, lowering)
    unit.emit(lowering)
  }
  copyStates(graph, aliases, lowering)
  return { kernels: kernels.filter((made) => !isEmpty(made)), aliases, scratchBytes, tables }
}

/** Products along its rows and look-ups read a weight piece by piece. */
function requireWhole(name: string, { pieces, bytes, memory }: GpuWeight): void {
  if (pieces.length === 1) return
  throw new DeviceLimitError(
    `weight ${name} in one piece`,
    bytes,
    memory.largest,
    'An operation of this graph, such as a gradient, needs all of it at once: load with a smaller dtype, or use a device with larger buffers.',
  )
}

function lowerNode(graph: Graph, node: GraphNode, lowering: Lowering): void {
  if (node.op === 'reshape') return
  if (isEmptyNode(graph, node)) return
  const rule = rules[node.op] as LowerRule<OpName>
  rule(node, node.attributes, lowering)
}

function isEmptyNode(graph: Graph, node: GraphNode): boolean {
  return node.outputs.every((value) => sizeOf(graph.types[value].shape) === 0)
}

/** Ops that update a state in place find its initial value in the memory of the next one. */
function prepareInPlace(graph: Graph, node: GraphNode, lowering: Lowering): void {
  if (isEmptyNode(graph, node)) return
  for (const place of inPlaceOperands(node)) preparePlace(place, lowering)
}

function preparePlace(place: InPlace, lowering: Lowering): void {
  const { slot: target } = lowering.state(place.output)
  const { shape, dtype } = lowering.type(place.output)
  if (place.input === null) emitFill(lowering, target, sizeOf(shape), 0)
  else if (!sameSlot(lowering.state(place.input).slot, target)) {
    emitCopy(lowering, lowering.slot(place.input), target, sizeOf(shape), dtype)
  }
}

interface InPlace {
  /** Null: zeros. */
  readonly input: number | null
  readonly output: number
}

function inPlaceOperands({ op, inputs, outputs }: GraphNode): InPlace[] {
  if (op === 'retention') return [{ input: inputs[4], output: outputs[1] }]
  if (op === 'positions') return [{ input: inputs[0], output: outputs[1] }]
  if (op !== 'accept') return []
  return [3, 4].flatMap((at) => (inputs[at] == null ? [] : [{ input: inputs[at], output: outputs[at - 1] }]))
}

/**
 * Reshapes share memory; so do a state and its next value, when the op that updates it is the state's last reader, and an input with
 * what `accept` makes of it, since inputs are written anew before each run.
 */
function aliasesOf(graph: Graph): Map<number, number> {
  const aliases = new Map<number, number>()
  for (const node of graph.nodes) if (node.op === 'reshape') aliases.set(node.outputs[0], node.inputs[0]!)
  for (const { input, output } of graph.states) if (lastReaderMakes(graph, input, output)) aliases.set(output, input)
  for (const node of graph.nodes) {
    for (const place of node.op === 'accept' ? inPlaceOperands(node) : []) {
      const input = graph.inputs.find(({ value }) => value === place.input)
      if (input && lastReaderMakes(graph, input.value, place.output)) aliases.set(place.output, input.value)
    }
  }
  return aliases
}

/** True if nothing looks at `before` after the op that makes `after` from it in place; a reshape might, later. */
function lastReaderMakes(graph: Graph, before: number, after: number): boolean {
  const readers = graph.nodes.filter((node) => node.inputs.includes(before))
  const last = readers.at(-1)
  const places = last ? inPlaceOperands(last) : []
  if (!places.some(({ input, output }) => input === before && output === after)) return false
  return !readers.some(({ op }) => op === 'reshape') && !graph.outputs.some(({ value }) => value === before)
}

/** States that were not updated in place are copied at the end, all after every kernel that reads them. */
function copyStates(graph: Graph, aliases: ReadonlyMap<number, number>, lowering: Lowering): void {
  const inputs = new Set(graph.states.map(({ input }) => input))
  const moved = graph.states.filter(({ input, output }) => resolve(aliases, output) !== input)
  // a next value that is another state's memory is saved before any state is overwritten
  const sources = moved.map(({ output }) => {
    const slot = lowering.slot(output)
    if (!inputs.has(resolve(aliases, output))) return slot
    const { shape, dtype } = graph.types[output]
    const saved = lowering.scratch(sizeOf(shape) * 4)
    emitCopy(lowering, slot, saved, sizeOf(shape), dtype)
    return saved
  })
  moved.forEach(({ input }, index) => {
    const { shape, dtype } = graph.types[input]
    const { slot, half } = lowering.state(input)
    if (half) emitToHalves(lowering, sources[index], slot, sizeOf(shape))
    else emitCopy(lowering, sources[index], slot, sizeOf(shape), dtype)
  })
}

export function resolve(aliases: ReadonlyMap<number, number>, value: number): number {
  let root = value
  while (aliases.has(root)) root = aliases.get(root)!
  return root
}

/** Inputs of the states that are held in halves. Outputs are read back as they are, so they cannot be among them. */
function statesInHalves(graph: Graph, aliases: ReadonlyMap<number, number>, stateDtype: StateDtype): Set<number> {
  const halves = new Map(
    graph.states
      .filter(({ input }) => inHalves(graph.types[input], stateDtype))
      .map(({ name, input }) => [input, name]),
  )
  for (const { name, value } of graph.outputs) {
    const state = halves.get(resolve(aliases, value))
    if (state === undefined) continue
    throw new UnsupportedError(
      'stateDtype f16',
      `the output ${name} of ${graph.name} is its state ${state}, which is held in halves.`,
      'Read it with state.read(), or leave stateDtype out.',
    )
  }
  return new Set(halves.keys())
}

function sameNumbers(a: Float32Array | Int32Array, b: Float32Array | Int32Array): boolean {
  return (
    a === b ||
    (a.constructor === b.constructor && a.length === b.length && a.every((value, at) => Object.is(value, b[at])))
  )
}

function sameSlot(a: Slot, b: Slot): boolean {
  return a.kind === 'value' && b.kind === 'value' && a.value === b.value
}

function isEmpty({ workgroups }: Kernel): boolean {
  return workgroups.some((count) => count === 0)
}
