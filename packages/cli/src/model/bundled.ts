/** The models that come with the repository. The published package does not carry them. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const defaultModel = 'novels-7m'

export const bundledModels: readonly string[] = [defaultModel]

/** The folder of a bundled model: `models/NAME` beside this program or above the working directory; else undefined. */
export function findBundled(name: string): string | undefined {
  if (!bundledModels.includes(name)) return undefined
  const starts = [dirname(fileURLToPath(import.meta.url)), process.cwd()]
  return starts
    .flatMap(ancestors)
    .map((folder) => join(folder, 'models', name))
    .find((folder) => existsSync(join(folder, 'config.json')))
}

function ancestors(folder: string): string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...ancestors(parent)]
}
