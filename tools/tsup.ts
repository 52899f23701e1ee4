import { defineConfig, type Options } from 'tsup'

/** The one build recipe: ESM for browsers and Node alike, declarations come from tsc. */
export function library(entry: NonNullable<Options['entry']>, extra: Options = {}) {
  return defineConfig({
    entry,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    sourcemap: true,
    splitting: true,
    dts: false,
    clean: true,
    // bundlers for browsers know by the prefix that a module is Node's own
    removeNodeProtocol: false,
    ...extra,
    external: [/^node:/, ...(extra.external ?? [])],
  })
}
