// Budgets for what a page downloads: gzipped bytes of each entry, minified, other packages apart.
// To raise a ceiling: measure (the failure prints the number), write it down with about 10 % headroom, and say in the commit
// message what the bytes buy. To lower one after a saving: the same, so that the saving is kept.
import { isBuiltin } from 'node:module'
import { describe, expect, test } from 'vitest'
import { bundle } from './bundle.ts'
import { codeExports, importName, published, shown } from './workspace.ts'

type Budget = {
  /** Ceiling in gzipped bytes. */
  readonly bytes: number
  /** Dependencies that may be imported on demand only. */
  readonly onDemand?: readonly string[]
  /** Entries for Node alone may import node: modules statically. */
  readonly nodeOnly?: true
}

/** Globals that a browser does not have, and that nobody needs there. */
const MUST_NOT_APPEAR = ['__dirname', '__filename', 'Buffer.from(', 'Buffer.alloc(']

const budgets: Record<string, Budget> = {
  '@retnet/core': { bytes: 27_500 },
  '@retnet/formats': { bytes: 26_500, onDemand: ['@huggingface/hub'] },
  '@retnet/tokenizer/chat': { bytes: 3_000, onDemand: ['@huggingface/jinja'] },
  '@retnet/tokenizer': { bytes: 12_500 },
  '@retnet/tokenizer/bpe': { bytes: 8_000 },
  '@retnet/tokenizer/plus': { bytes: 15_700 },
  '@retnet/tokenizer/parts': { bytes: 22_500 },
  '@retnet/tokenizer/train': { bytes: 6_300 },
  '@retnet/tokenizer/worker': { bytes: 3_500 },
  '@retnet/cpu': { bytes: 50_000 },
  '@retnet/webgpu': { bytes: 52_500 },
  '@retnet/webgpu/bench': { bytes: 33_000 },
  '@retnet/onnx': { bytes: 18_600 },
  '@retnet/onnx/emit': { bytes: 14_000 },
  '@retnet/generate': { bytes: 7_500 },
  '@retnet/serve/client': { bytes: 3_000 },
  '@retnet/serve/redis': { bytes: 8_000, nodeOnly: true },
  '@retnet/serve/s3': { bytes: 3_200, nodeOnly: true },
  '@retnet/serve': { bytes: 70_000, nodeOnly: true },
  '@retnet/cli': { bytes: 30_000, nodeOnly: true },
}

const entries = published.flatMap((pkg) => codeExports(pkg).map(({ subpath }) => importName(pkg, subpath)))

test('every budget belongs to an entry that exists', () => {
  expect(
    Object.keys(budgets).filter((name) => !entries.includes(name)),
    'remove these lines',
  ).toEqual([])
})

describe.each(entries.map((name) => [name]))('%s', (name) => {
  test('stays below its ceiling and drags nothing of Node into a browser', async () => {
    const { bytes, external, text } = await bundle(`export * from '${name}'`, true, name)
    const budget = budgets[name]
    if (budget === undefined)
      throw new Error(`${name} has no budget: it measures ${bytes} bytes, add a line to ${shown(import.meta.filename)}`)
    const advice = `${name} measures ${bytes} gzipped bytes. See the head of ${shown(import.meta.filename)} for how to raise its ceiling`
    expect(bytes, advice).toBeLessThanOrEqual(budget.bytes)
    if (budget.nodeOnly) return
    const atOnce = external.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path)
    const eager = atOnce.filter((path) => isBuiltin(path) || budget.onDemand?.includes(path))
    expect(
      eager,
      `${name}: load these with await import() in the function that needs them, or from another entry`,
    ).toEqual([])
    const globals = MUST_NOT_APPEAR.filter((word) => text.includes(word))
    expect(globals, `${name}: these exist in Node only`).toEqual([])
  })
})
