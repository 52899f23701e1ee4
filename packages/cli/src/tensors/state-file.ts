/** The state of a model in a file: as tensors of a safetensors file, for any number of rows, or as a snapshot of one. */
import { readFile } from 'node:fs/promises'
import type { Model, NamedTensors, Program, State } from '@retnet/core'
import { memorySource, openSafetensors, writeSafetensors, writeAtomically } from '@retnet/formats'
import { CommandError } from '../errors.js'

/** The state in `path`, or the one before the first token. The caller disposes it. */
export async function readState(
  path: string | undefined,
  model: Model,
  program: Program,
  rows: number,
): Promise<State> {
  if (path === undefined) return program.createState()
  const bytes = new Uint8Array(await readFile(path))
  if (!isSnapshot(bytes)) return readTensors(path, bytes, program)
  requireOneRow('--state-in', rows)
  const { state } = await model.loadState(bytes)
  return state
}

/** Throws if `path` cannot hold the state of so many rows: before the work, so that nothing is written in vain. */
export function checkStatePath(path: string, rows: number): void {
  if (!path.endsWith('.safetensors')) requireOneRow('--state-out', rows)
}

export async function writeState(path: string, model: Model, program: Program, state: State): Promise<void> {
  if (!path.endsWith('.safetensors')) return writeAtomically(path, async (write) => write(await model.saveState(state)))
  const values = await state.read()
  const tensors = statesOf(program).map(({ name, shape }) => ({ name, shape, data: values[name] }))
  await writeSafetensors(path, tensors)
}

async function readTensors(path: string, bytes: Uint8Array<ArrayBuffer>, program: Program): Promise<State> {
  using file = await openSafetensors(memorySource(bytes, path))
  const values: Record<string, NamedTensors[string]> = {}
  for (const { name, dtype, shape } of statesOf(program)) {
    values[name] = dtype === 'i32' ? await file.readInt32(name) : await file.readFloat32(name)
    const actual = file.tensors.get(name)!.shape
    if (actual.join() === shape.join()) continue
    throw new CommandError(
      `${path}: expected ${name} [${shape.join(', ')}], got [${actual.join(', ')}].`,
      'Use a state of the same model, with as many rows as there are tokens.',
    )
  }
  const state = program.createState()
  await state.write(values)
  return state
}

function statesOf({ graph }: Program) {
  return graph.states.map(({ name, input }) => ({ name, ...graph.types[input] }))
}

function isSnapshot(bytes: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(bytes.subarray(0, 8)) === 'RETNET\r\n'
}

function requireOneRow(option: string, rows: number): void {
  if (rows === 1) return
  const fix = 'Use a file that ends in .safetensors for several rows.'
  throw new CommandError(`${option}: a snapshot holds one row, the tokens have ${rows}.`, fix)
}
