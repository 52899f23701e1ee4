/** Bytes that somebody sends as the snapshot of a session, read with suspicion: nothing is set aside for what the model would not take. */
import { type SnapshotBlock, type SnapshotIdentity, type Shape, SnapshotError, sameShape } from '@retnet/core'
import { decodeSnapshot, decodeSnapshotHeader } from '@retnet/core'
import { GenerateArgumentError, placeOf } from '@retnet/generate'
import { ApiError } from '../api/api-error.js'
import type { ByteReader } from '../http/byte-reader.js'
import { requireCompatible } from './compatible.js'
import type { Place } from './records.js'

export interface ExpectedSnapshot {
  readonly identity: SnapshotIdentity
  readonly vocabSize: number
  /** Of the state, by name. */
  readonly stateShapes: Readonly<Record<string, Shape>>
  /** Most tokens that may wait to be taken in. */
  readonly pendingTokens: number
}

export interface ReadSnapshot {
  readonly bytes: Uint8Array
  readonly place: Omit<Place, 'state'>
}

const preambleBytes = 20

/** Throws a 400 or a 409 `state_incompatible`, or a 400 `state_not_finite`. */
export async function readSnapshot(reader: ByteReader, expected: ExpectedSnapshot): Promise<ReadSnapshot> {
  try {
    const bytes = await reader.readAll(await totalBytes(reader, expected))
    return { bytes, place: checkedPlace(bytes, expected) }
  } catch (error) {
    throw refusalOf(error)
  }
}

async function totalBytes(reader: ByteReader, expected: ExpectedSnapshot): Promise<number> {
  const preamble = await reader.peek(preambleBytes)
  let length = preamble.length
  try {
    decodeSnapshotHeader(preamble)
  } catch (error) {
    const isShort = error instanceof SnapshotError && error.problem === 'truncated'
    if (!isShort || preamble.length < preambleBytes) throw error
    length += new DataView(preamble.buffer, preamble.byteOffset).getUint32(12, true)
  }
  const { header, dataStart } = decodeSnapshotHeader(await reader.peek(length))
  requireCompatible(header.identity, expected.identity)
  requireBlocks(header.blocks, expected)
  return header.blocks.reduce((sum, { bytes }) => sum + bytes, dataStart)
}

function requireBlocks(blocks: readonly SnapshotBlock[], { stateShapes, vocabSize, pendingTokens }: ExpectedSnapshot) {
  const names = new Set(blocks.map(({ name }) => name))
  for (const name of [...Object.keys(stateShapes), ...session]) {
    if (!names.has(name)) throw incompatible(`the block ${name} is missing: this is no session of this model.`)
  }
  for (const { name, dtype, shape } of blocks) {
    const state = Object.hasOwn(stateShapes, name) ? stateShapes[name] : null
    const fits = state
      ? dtype === 'f32' && sameShape(shape, state)
      : dtype === 'i32' &&
        ((name === 'session.position' && sameShape(shape, [1])) ||
          (name === 'session.pending' && shape.length === 1 && shape[0] <= pendingTokens) ||
          (name === 'session.counts' && shape.length === 2 && shape[0] <= vocabSize && shape[1] === 2))
    if (!fits)
      throw incompatible(`the block ${JSON.stringify(name.slice(0, 80))} ${dtype}[${shape.join(', ')}] does not fit.`)
  }
}

const session = ['session.position', 'session.pending', 'session.counts']

function checkedPlace(bytes: Uint8Array, { vocabSize }: ExpectedSnapshot): Omit<Place, 'state'> {
  const snapshot = decodeSnapshot(bytes)
  const { position, pending, history } = placeOf(snapshot.tensors)
  const ids = [...pending, ...history.seen]
  const isId = (id: number) => id >= 0 && id < vocabSize
  if (position !== snapshot.position || (position > 0 && pending.length === 0) || !ids.every(isId)) {
    throw incompatible('its tokens and its position do not fit together.')
  }
  return { length: position + pending.length, last: pending.at(-1) ?? null }
}

function refusalOf(error: unknown): unknown {
  if (error instanceof SnapshotError) {
    const code = error.problem === 'not-finite' ? 'state_not_finite' : 'state_incompatible'
    return new ApiError(400, code, error.message)
  }
  return error instanceof GenerateArgumentError ? incompatible(error.message) : error
}

function incompatible(what: string): ApiError {
  return new ApiError(400, 'state_incompatible', `snapshot: ${what}`)
}
