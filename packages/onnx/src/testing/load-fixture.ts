import { join } from 'node:path'
import { type LoadedFixture, readFixture } from '@retnet/conformance'
import { nodeFolder, openCheckpoint, openFile, openSafetensors } from '@retnet/formats'

/** A reference model of the repository by the name of its folder. */
export async function loadFixture(folder: string): Promise<LoadedFixture> {
  const path = join(import.meta.dirname, '../../../../fixtures', folder)
  using checkpoint = await openCheckpoint(await nodeFolder(path))
  using expected = await openSafetensors(await openFile(join(path, 'expected.safetensors')))
  return await readFixture(checkpoint, expected)
}
