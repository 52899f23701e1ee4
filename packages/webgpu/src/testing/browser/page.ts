/** What runs inside the page: the checks of the conformance package on the page's own WebGPU. Bundled by the test; knows no test framework. */
import {
  type Fixture,
  FixtureModel,
  type LoadedFixture,
  type ModelCheckOptions,
  backendChecks,
  missingEncoding,
  fixtures,
  modelChecks,
  readFixture,
  tinyModel,
} from '@retnet/conformance'
import { nextTokenGraph } from '@retnet/core'
import { blobFolder, memorySource, openCheckpoint, openSafetensors } from '@retnet/formats'
import { createSession, restoreSession } from '@retnet/generate'
import { recoverable } from '../../recovery/recoverable.js'
import { type WebGpuBackend, webgpu } from '../../webgpu.js'

/** Name of a check to null, or to what went wrong. */
export type Verdicts = Record<string, string | null>

async function verdict(run: () => Promise<void>): Promise<string | null> {
  try {
    await run()
    return null
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}

async function describeAdapter(): Promise<string> {
  using backend = await webgpu()
  return backend.limits.description
}

async function runBackendChecks(): Promise<Verdicts> {
  using backend = await webgpu({ poison: true })
  const verdicts: Verdicts = {}
  for (const check of backendChecks) {
    const missing = missingEncoding(check, backend)
    verdicts[check.id] = missing ? `skipped: ${missing}` : await verdict(() => check.run(backend))
  }
  return verdicts
}

async function runModelChecks(options: ModelCheckOptions): Promise<Verdicts> {
  using backend = await webgpu({ poison: true })
  const verdicts: Verdicts = {}
  for (const fixture of fixtures) {
    const model = await FixtureModel.upload(await loadFixture(fixture), backend)
    for (const { name, run } of modelChecks(fixture, options)) {
      verdicts[`${fixture.folder}: ${name}`] = await verdict(() => run(model))
    }
    model.dispose()
  }
  return verdicts
}

async function loadFixture({ folder }: Fixture): Promise<LoadedFixture> {
  const file = async (name: string) => (await fetch(`/fixtures/${folder}/${name}`)).blob()
  const files = new Map<string, Blob>()
  for (const name of ['config.json', 'model.safetensors']) files.set(name, await file(name))
  const expectedBytes = new Uint8Array(await (await file('expected.safetensors')).arrayBuffer())
  using checkpoint = await openCheckpoint(blobFolder(files))
  using expected = await openSafetensors(memorySource(expectedBytes))
  return await readFixture(checkpoint, expected)
}

/** Compiles a model while the page's own timer runs. Pipelines that are made synchronously, which freezes a page, are counted. */
async function compileAndTick(): Promise<{ pipelines: number; synchronous: number; ticks: number; told: boolean }> {
  using backend = await webgpu()
  const fixture = await loadFixture(fixtures.find(({ folder }) => folder === 'fla-base')!)
  const counts = { pipelines: 0, synchronous: 0, ticks: 0 }
  const { device } = backend
  const create = device.createComputePipelineAsync.bind(device)
  device.createComputePipelineAsync = (descriptor) => {
    counts.pipelines++
    return create(descriptor)
  }
  device.createComputePipeline = () => {
    counts.synchronous++
    throw new Error('a pipeline was made synchronously')
  }
  const timer = setInterval(() => counts.ticks++, 1)
  const weights: Record<string, Awaited<ReturnType<typeof backend.upload>>> = {}
  for (const [name, weight] of Object.entries(fixture.weights)) weights[name] = await backend.upload(weight)
  counts.ticks = 0
  const progress: number[] = []
  const onProgress = (ready: number, total: number) => void progress.push(ready / total)
  const graph = nextTokenGraph(fixture.spec, { rows: 1, length: 1 })
  using program = await backend.compile(graph, { weights, onProgress })
  clearInterval(timer)
  await program.run({ tokens: Int32Array.of(1), mask: Int32Array.of(1) }, program.createState())
  return { ...counts, told: progress.length > 10 && progress.at(-1) === 1 }
}

/** Loses the device after three tokens; tells what the page saw, and the whole text with and without the loss. */
async function loseDevice(): Promise<{ error: string; ids: readonly number[]; expected: readonly number[] }> {
  const backends: WebGpuBackend[] = []
  using keeper = recoverable({
    async open() {
      const backend = await webgpu()
      backends.push(backend)
      return tinyModel(backend)
    },
    create: (model) => createSession(model, { bosToken: 1 }),
    restore: (model, bytes) => restoreSession(model, bytes),
  })
  const settings = { seed: 3, maxTokens: 8 }
  const expected = (await keeper.session().use((session) => session.generate(settings).result)).ids
  const session = keeper.session()
  let count = 0
  const interrupted = session.use(async (live) => {
    for await (const _ of live.generate(settings)) if (++count === 3) backends[0].device.destroy()
  })
  const error = await verdict(() => interrupted)
  const { ids } = await session.use((live) => live.generate(settings).result)
  return { error: String(error), ids, expected }
}

export const page = { describeAdapter, runBackendChecks, runModelChecks, compileAndTick, loseDevice }
export type Page = typeof page

Object.assign(globalThis, { page })
