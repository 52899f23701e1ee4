/** Between the values of a state and the tensors of a snapshot. */
import type { Graph } from '../contract/graph.js'
import { type NamedTensors, type TensorData, sameShape } from '../contract/tensor.js'
import { SnapshotError } from '../errors/snapshot-error.js'
import type { Snapshot, SnapshotIdentity, SnapshotTensor } from '../snapshot/format.js'

const positionName = 'position'

/** Names under which a snapshot keeps the states of a graph. */
function stateTensorName(state: string): string {
  return `state.${state}`
}

function isStateTensor(name: string): boolean {
  return name.startsWith('state.')
}

/** Values of the states of one sequence as data; `extra` tensors travel with them. */
export function snapshotOf(
  graph: Graph,
  identity: SnapshotIdentity,
  values: NamedTensors,
  extra: Readonly<Record<string, SnapshotTensor>>,
): Snapshot {
  const tensors = graph.states
    .filter(({ name }) => name !== positionName)
    .map(({ name, input }) => [stateTensorName(name), { shape: graph.types[input].shape, data: values[name] }] as const)
  return { identity, position: values[positionName][0], tensors: { ...Object.fromEntries(tensors), ...extra } }
}

/** The other way round. Throws SnapshotError for one of another model, or without what the graph needs. */
export function stateValues(graph: Graph, identity: SnapshotIdentity, snapshot: Snapshot): NamedTensors {
  checkIdentity(identity, snapshot.identity)
  const values: Record<string, TensorData> = {}
  for (const { name, input } of graph.states) {
    const { shape } = graph.types[input]
    values[name] = name === positionName ? Int32Array.of(snapshot.position) : tensorOf(snapshot, name, shape)
  }
  return values
}

/** What travelled with a snapshot. */
export function extraTensors({ tensors }: Snapshot): Record<string, SnapshotTensor> {
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => !isStateTensor(name)))
}

function checkIdentity(expected: SnapshotIdentity, actual: SnapshotIdentity): void {
  const fix = 'Load the model that the snapshot was made with.'
  if (expected.spec !== actual.spec) {
    throw new SnapshotError('other-model', `expected a model ${expected.spec}, got ${actual.spec}.`, fix)
  }
  if (expected.weights !== actual.weights) {
    throw new SnapshotError('other-weights', `expected weights ${expected.weights}, got ${actual.weights}.`, fix)
  }
}

function tensorOf(snapshot: Snapshot, state: string, shape: readonly number[]): TensorData {
  const tensor = snapshot.tensors[stateTensorName(state)]
  if (!tensor) throw new SnapshotError('shape', `the state ${state} is missing.`)
  if (tensor.data instanceof Float32Array && sameShape(tensor.shape, shape)) return tensor.data
  const actual = `${tensor.data instanceof Int32Array ? 'i32' : 'f32'}[${tensor.shape.join(', ')}]`
  throw new SnapshotError('shape', `the state ${state}: expected f32[${shape.join(', ')}], got ${actual}.`)
}
