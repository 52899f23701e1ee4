/** Tokens [B, T] and their mask from a safetensors file, whole or a range of positions. */
import { openFile, openSafetensors, type TensorFile } from '@retnet/formats'
import { InvalidArgumentError } from 'commander'
import { CommandError } from '../errors.js'

export interface TokenRows {
  readonly tokens: Int32Array // [B, T]
  readonly mask: Int32Array // [B, T]
  readonly shape: readonly [rows: number, length: number]
}

/** Positions from `from` up to, without, `to`; undefined: up to the end. */
export interface TokenRange {
  readonly from: number
  readonly to: number | undefined
}

/** Reads "0:150" or "150:". */
export function tokenRange(text: string): TokenRange {
  const [, from, to] = /^(\d*):(\d*)$/.exec(text) ?? []
  if (from !== undefined) return { from: Number(from), to: to === '' ? undefined : Number(to) }
  throw new InvalidArgumentError(`Expected FROM:TO, such as 0:150, got ${JSON.stringify(text)}.`)
}

export interface TokenNames {
  readonly tensor: string
  readonly mask?: string
  readonly range?: TokenRange
}

export async function readTokens(path: string, { range, ...names }: TokenNames): Promise<TokenRows> {
  const rows = await readRows(path, names)
  return range ? cut(path, rows, range) : rows
}

function cut(path: string, { tokens, mask, shape: [rows, length] }: TokenRows, range: TokenRange): TokenRows {
  const { from, to = length } = range
  if (from >= to || to > length) {
    throw new CommandError(`${path}: expected a range within 0:${length}, got ${from}:${to}.`)
  }
  const columns = (values: Int32Array) =>
    Int32Array.from({ length: rows * (to - from) }, (_, i) => {
      const row = Math.floor(i / (to - from))
      return values[row * length + from + (i % (to - from))]
    })
  return { tokens: columns(tokens), mask: columns(mask), shape: [rows, to - from] }
}

async function readRows(path: string, names: TokenNames): Promise<TokenRows> {
  using file = await openSafetensors(await openFile(path))
  const tokens = await file.readInt32(names.tensor)
  const shape = shapeOf(file, names.tensor)
  if (names.mask === undefined) return { tokens, mask: new Int32Array(tokens.length).fill(1), shape }
  const mask = await file.readInt32(names.mask)
  const maskShape = shapeOf(file, names.mask)
  if (maskShape.join() !== shape.join()) {
    throw new CommandError(
      `${path}: expected ${names.mask} [${shape.join(', ')}] like the tokens, got [${maskShape.join(', ')}].`,
    )
  }
  const wrong = mask.findIndex((value) => value !== 0 && value !== 1)
  if (wrong < 0) return { tokens, mask, shape }
  throw new CommandError(`${path}: expected ${names.mask} to be 0 or 1, got ${mask[wrong]} at element ${wrong}.`)
}

function shapeOf(file: TensorFile, tensor: string): readonly [number, number] {
  const { shape } = file.tensors.get(tensor)!
  if (shape.length === 2 && shape[0] > 0 && shape[1] > 0) return [shape[0], shape[1]]
  throw new CommandError(
    `${file.name}: expected ${tensor} to be [B, T] with at least one token, got [${shape.join(', ')}].`,
    'Reshape it.',
  )
}
