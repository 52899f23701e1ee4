/** Tokens [B, T] and their mask from a safetensors file. */
import { openFile, openSafetensors, type TensorFile } from '@retnet/formats'
import { CommandError } from '../errors.js'

export interface TokenRows {
  readonly tokens: Int32Array // [B, T]
  readonly mask: Int32Array // [B, T]
  readonly shape: readonly [rows: number, length: number]
}

export async function readTokens(path: string, names: { tensor: string; mask?: string }): Promise<TokenRows> {
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
