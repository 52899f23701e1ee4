// Bundles code for a browser the way an application would (minified, tree-shaken) and weighs what loads at once.
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Metafile, type PluginBuild } from 'esbuild'
import { codeExports, importName, packages, root } from './workspace.ts'

export type Bundle = {
  /** Gzipped bytes of the entry and everything it imports statically. */
  readonly bytes: number
  /** Imports left in the code because they are external: { path: 'node:fs', kind: 'import-statement' | 'dynamic-import' }. */
  readonly external: readonly { readonly path: string; readonly kind: string }[]
  readonly text: string
}

/** Other packages stay external if `own` is true: then the number is the weight of one package by itself. */
export async function bundle(code: string, own: boolean, keep?: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root, sourcefile: 'entry.ts' },
    alias: Object.fromEntries(built()),
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    outdir: 'out',
    absWorkingDir: root,
    external: ['node:*', ...builtinModules],
    plugins: own ? [othersAreExternal(keep!)] : [],
    logLevel: 'silent',
  })
  const loaded = staticallyLoaded(metafile.outputs)
  const text = outputFiles.filter(({ path }) => loaded.has(path.slice(root.length + 1))).map((file) => file.text)
  const external = Object.values(metafile.outputs).flatMap((output) => output.imports.filter((found) => found.external))
  return {
    bytes: text.reduce((sum, chunk) => sum + gzipSync(chunk, { level: 9 }).length, 0),
    external,
    text: text.join('\n'),
  }
}

function built(): [string, string][] {
  return packages
    .flatMap((pkg) =>
      codeExports(pkg).map(({ subpath, targets }): [string, string] => [
        importName(pkg, subpath),
        join(pkg.folder, targets.default),
      ]),
    )
    .sort(([first], [second]) => second.length - first.length)
}

function othersAreExternal(keep: string) {
  return {
    name: 'others-are-external',
    setup(context: PluginBuild) {
      context.onResolve({ filter: /^[^./]/ }, ({ path }) =>
        path === keep || path.startsWith('/') ? undefined : { path, external: true },
      )
    },
  }
}

type Outputs = Metafile['outputs']

function staticallyLoaded(outputs: Outputs): Set<string> {
  const entry = Object.keys(outputs).find((path) => outputs[path].entryPoint !== undefined)!
  const loaded = new Set<string>()
  const visit = (path: string): void => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const next of outputs[path].imports) if (!next.external && next.kind === 'import-statement') visit(next.path)
  }
  visit(entry)
  return loaded
}
