import { join } from 'node:path'
import { reference } from '@retnet/core'
import { nodeFolder, openCheckpoint, openFile, openSafetensors } from '@retnet/formats'
import { readFixture } from './models/fixture.js'
import { testModels } from './vitest.js'

const fixtures = join(import.meta.dirname, '../../../fixtures')

// the interpreter is slow: its chunks are compared at fewer sizes here, and at all of them with the typed-array forms of core
const forms = [{ form: 'recurrent' }, { form: 'parallel' }, { form: 'chunkwise', chunk: 16 }] as const

async function load(folder: string) {
  const path = join(fixtures, folder)
  using checkpoint = await openCheckpoint(await nodeFolder(path))
  using expected = await openSafetensors(await openFile(join(path, 'expected.safetensors')))
  return await readFixture(checkpoint, expected)
}

testModels(reference, load, { forms, lengths: [1, 63] })
