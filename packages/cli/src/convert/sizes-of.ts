import { stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes of each file. */
export async function sizesOf(folder: string, files: readonly string[]): Promise<Record<string, number>> {
  const sizes = files.map(async (file) => [file, (await stat(join(folder, file))).size] as const)
  return Object.fromEntries(await Promise.all(sizes))
}
