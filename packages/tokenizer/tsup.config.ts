import { resolve } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { library } from '../../tools/tsup.js'

const entries = ['core', 'kernel', 'index', 'bpe', 'plus', 'parts', 'train', 'chat', 'worker', 'worker-thread']
const onDemand = ['edits', 'split', 'metaspace', 'unigram', 'words', 'rare', 'patterns']

/** Files of the package by the source they are built from. */
const built = new Map([
  ...entries.map((name) => [resolve(`src/${name}.ts`), name] as const),
  ...onDemand.map((name) => [resolve(`src/parts/${name}.ts`), `parts-${name}`] as const),
])

/** All that the source `name` imports, and what that imports. */
async function filesOf(name: string): Promise<Set<string>> {
  const entry = `src/${name}.ts`
  const { metafile } = await build({ entryPoints: [entry], bundle: true, write: false, metafile: true, format: 'esm' })
  const found = new Set<string>()
  const visit = (path: string): void => {
    if (found.has(resolve(path))) return
    found.add(resolve(path))
    for (const each of metafile.inputs[path].imports) if (each.kind === 'import-statement') visit(each.path)
  }
  visit(entry)
  return found
}

/** Keeps the core in one file, the kernel in one, and each part in one: others import them from there. */
async function oneFileEach(): Promise<Plugin> {
  const shared = [['core', await filesOf('core')] as const, ['kernel', await filesOf('kernel')] as const]
  const homeOf = (file: string): string | undefined => shared.find(([, files]) => files.has(file))?.[0]
  return {
    name: 'one-file-each',
    setup(context) {
      context.onResolve({ filter: /^\.\.?\// }, ({ path, importer, resolveDir }) => {
        const file = resolve(resolveDir, path.replace(/\.js$/, '.ts'))
        const home = homeOf(file)
        const isAtHome = home === homeOf(importer)
        const name = home === undefined || isAtHome ? built.get(file) : home
        return name === undefined ? undefined : { path: `./${name}.js`, external: true }
      })
    },
  }
}

export default library(Object.fromEntries([...built].map(([file, name]) => [name, file])), {
  splitting: false,
  esbuildPlugins: [await oneFileEach()],
})
