/** Between a State on a device and the tensors of a snapshot. */
import type { Program } from '../contract/backend.js'
import type { Graph } from '../contract/graph.js'
import type { State } from '../contract/state.js'
import { type TensorData, sameShape } from '../contract/tensor.js'
import { SnapshotError } from '../errors/snapshot-error.js'
import type { Snapshot, SnapshotIdentity, SnapshotTensor } from '../snapshot/format.js'

const positionName = 'position'

/** Names under which a snapshot keeps the states of a graph. */
export function stateTensorName(state: string): string {
  return `state.${state}`
}

export function isStateTensor(name: string): boolean {
  return name.startsWith('state.')
}

export async function snapshotTensors(
  graph: Graph,
  state: State,
): Promise<{ position: number; tensors: Record<string, SnapshotTensor> }> {
  const values = await state.read()
  const tensors = graph.states
    .filter(({ name }) => name !== positionName)
    .map(({ name, input }) => [stateTensorName(name), { shape: graph.types[input].shape, data: values[name] }] as const)
  return { position: values[positionName][0], tensors: Object.fromEntries(tensors) }
}

export async function restoreState(program: Program, identity: SnapshotIdentity, snapshot: Snapshot): Promise<State> {
  checkIdentity(identity, snapshot.identity)
  const values: Record<string, TensorData> = {}
  for (const { name, input } of program.graph.states) {
    const { shape } = program.graph.types[input]
    values[name] = name === positionName ? Int32Array.of(snapshot.position) : tensorOf(snapshot, name, shape)
  }
  const state = program.createState()
  try {
    await state.write(values)
    return state
  } catch (error) {
    state.dispose()
    throw error
  }
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
