import { join } from 'node:path'
import { cases, readFixture } from '@retnet/conformance'
import { testBackend, testModels } from '@retnet/conformance/vitest'
import { nodeFolder, openCheckpoint, openFile, openSafetensors } from '@retnet/formats'
import { describe } from 'vitest'
import { cpu } from './backend.js'
import { noSampling } from './plan/supports.js'

const fixtures = join(import.meta.dirname, '../../../fixtures')

async function load(folder: string) {
  const path = join(fixtures, folder)
  using checkpoint = await openCheckpoint(await nodeFolder(path))
  using expected = await openSafetensors(await openFile(join(path, 'expected.safetensors')))
  return await readFixture(checkpoint, expected)
}

const tolerance = [
  {
    reason: 'a few rows by a q8 weight: the rows are rounded to 16 bits, two orders finer than the weight',
    value: 2e-4,
    cases: [
      'matmul: [1, 1, 64] by a weight [96, 64] in q8',
      'matmul: [1, 1, 100] by a weight [129, 100] in q8',
      'matmul: [1, 256] by a weight [3, 256] in q8',
      'matmul: [2, 4, 32] by a weight [63, 32] in q8',
      'matmul: [7, 31] by a weight [1000, 31] in q8',
      'matmul: one q8 weight read twice',
      'embed: a table that is also the output weight, in q8',
    ],
  },
  {
    reason: 'a few rows by a q4 weight: the rows are rounded to 8 bits, an order finer than the weight',
    value: 1e-2,
    cases: [
      'matmul: [1, 1, 64] by a weight [96, 64] in q4',
      'matmul: [1, 1, 100] by a weight [129, 100] in q4',
      'matmul: [1, 256] by a weight [3, 256] in q4',
      'matmul: [2, 4, 32] by a weight [63, 32] in q4',
      'matmul: [7, 31] by a weight [1000, 31] in q4',
      'matmul: one q4 weight read twice',
      'gradient of matmul: a q4 weight that is not transposed',
      'embed: a table that is also the output weight, in q4',
    ],
  },
]

const skip = [
  { reason: noSampling, cases: cases.filter(({ op }) => op === 'sample' || op === 'accept').map(({ id }) => id) },
]

describe.each([1, 2])('%i threads', (threads) => {
  const make = () => cpu({ threads, poison: true })
  testBackend(make, { tolerance, skip })
  describe('reference models', () => testModels(make, load))
})
