import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Lowering } from '../../compile/lowering.js'
import { type OpenDevice, openDevice } from '../../device/open-device.js'
import { findSoftwareAdapter } from '../../testing/software-adapter.js'
import { AloneKernels, type AloneTensor } from '../alone.js'
import { emulatedMatrixText } from '../matmul/matrix-emulation.js'
import { matrixTile } from '../matmul/matrix-tile.js'
import { registerTile } from '../matmul/register-tile.js'
import { emitChunkwiseHalves } from './chunkwise-halves.js'
import { type Tiler, emitChunkwiseTiles } from './chunkwise-tiles.js'
import { emitRecurrent } from './recurrent.js'
import { type Retention, readRetention } from './shape.js'

// why there is nothing to run the kernels on, where that is so
const missing = await findSoftwareAdapter()
let open: OpenDevice
beforeAll(async () => {
  if (missing) return
  open = await openDevice({ profile: 'basic' })
})
afterAll(() => open?.device.destroy())

interface Size {
  readonly batch: number
  readonly length: number
  readonly heads: number
  readonly key: number
  readonly value: number
}

function numbers(shape: readonly number[], seed: number): AloneTensor {
  const size = shape.reduce((product, extent) => product * extent, 1)
  return {
    shape,
    data: Float32Array.from({ length: size }, (_, at) => Math.sin(at * 1.7 + seed * 0.9 + at * at * 0.013)),
  }
}

/** Output and state after the kernels have run over the same numbers. */
async function outcome(
  size: Size,
  reverse: boolean,
  masked: boolean,
  emit: (retention: Retention, lowering: Lowering) => void,
) {
  const { batch, length, heads, key, value } = size
  const live = Int32Array.from({ length: batch * length }, (_, at) => (at % 7 === 3 || at % length < 2 ? 0 : 1))
  // what is masked may be NaN
  const spoil = ({ shape, data }: AloneTensor): AloneTensor => {
    const width = shape[2] * shape[3]
    return { shape, data: data!.map((number, at) => (masked && live[Math.floor(at / width)] === 0 ? NaN : number)) }
  }
  const tensors = [
    spoil(numbers([batch, length, heads, key], 1)),
    spoil(numbers([batch, length, heads, key], 2)),
    spoil(numbers([batch, length, heads, value], 3)),
    { shape: [batch, length], data: live },
    { shape: [batch, length, heads, value], data: null },
    numbers([batch, heads, key, value], 4),
  ]
  const node = {
    op: 'retention',
    inputs: [0, 1, 2, masked ? 3 : null, null],
    outputs: [4, 5],
  } as unknown as Parameters<typeof readRetention>[0]
  const logDecay = Array.from({ length: heads }, (_, head) => Math.log(1 - 2 ** -(3 + head)))
  using alone = await new AloneKernels(open.device, open.profile, tensors, (lowering) =>
    emit(readRetention(node, { logDecay, reverse }, lowering), lowering),
  ).prepare()
  alone.run()
  return { output: await alone.read(4), state: await alone.read(5) }
}

/** Largest difference, relative to the root mean square. */
function difference(actual: Float32Array, expected: Float32Array): number {
  const root = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0) / expected.length)
  return actual.reduce((worst, value, at) => {
    const error = Math.abs(value - expected[at]) / root
    return error <= worst ? worst : error
  }, 0)
}

const f32: Tiler = (product) => registerTile(product, 64)
const halves: Tiler = (product) =>
  matrixTile(product, { depth: 16, rows: 64, ahead: false, staging: 'halves' }, emulatedMatrixText)

test.skipIf(Boolean(missing)).each([
  ['f32', { batch: 1, length: 100, heads: 2, key: 20, value: 36 }, 32, false, true],
  ['f32', { batch: 2, length: 63, heads: 1, key: 16, value: 16 }, 20, true, true],
  ['halves', { batch: 1, length: 33, heads: 1, key: 20, value: 40 }, 32, false, true],
  ['halves', { batch: 1, length: 40, heads: 2, key: 16, value: 24 }, 24, true, false],
] as const)(
  'tiles of chunks in %s agree with the recurrent form, %o by %i, reverse %s, masked %s',
  async (name, size, chunk, reverse, masked) => {
    const [tiler, tolerance] = name === 'f32' ? [f32, 1e-5] : [halves, 4e-3]
    const expected = await outcome(size, reverse, masked, emitRecurrent)
    const actual = await outcome(size, reverse, masked, (retention, lowering) =>
      (name === 'f32' ? emitChunkwiseTiles : emitChunkwiseHalves)(retention, chunk, tiler, lowering),
    )
    expect(difference(actual.output, expected.output)).toBeLessThan(tolerance)
    expect(difference(actual.state, expected.state)).toBeLessThan(tolerance)
  },
)
