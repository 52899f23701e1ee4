import { join } from 'node:path'
import { reference } from '@retnet/core'
import { nodeFolder, openCheckpoint, openFile, openSafetensors } from '@retnet/formats'
import { readFixture } from './models/fixture.js'
import { testModels } from './vitest.js'

const fixtures = join(import.meta.dirname, '../../../fixtures')

testModels(reference, async (folder) => {
  const path = join(fixtures, folder)
  using checkpoint = await openCheckpoint(await nodeFolder(path))
  using expected = await openSafetensors(await openFile(join(path, 'expected.safetensors')))
  return await readFixture(checkpoint, expected)
})
