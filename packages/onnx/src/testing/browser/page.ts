/** What runs inside the page: the checks of the conformance package on onnxruntime-web. Bundled by the test; knows no test framework. */
import {
  type Fixture,
  FixtureModel,
  type LoadedFixture,
  type ModelCheckOptions,
  backendChecks,
  fixtures,
  modelChecks,
  readFixture,
} from '@retnet/conformance'
import { blobFolder, memorySource, openCheckpoint, openSafetensors } from '@retnet/formats'
import * as wasm from 'onnxruntime-web/wasm'
import * as webgpu from 'onnxruntime-web/webgpu'
import { type OnnxBackend, onnx } from '../../backend/onnx.js'
import { tolerance } from '../exceptions.js'

/** Name of a check to null, or to what went wrong. */
export type Verdicts = Record<string, string | null>

/** `wasm`: the CPU provider; `webgpu`: the GPU one. */
export type Where = 'wasm' | 'webgpu'

for (const { env } of [wasm, webgpu]) {
  env.wasm.wasmPaths = '/runtime/'
  env.wasm.numThreads = 1
}

async function open(where: Where): Promise<OnnxBackend> {
  return onnx({ ort: where === 'wasm' ? wasm : webgpu, executionProviders: [where, 'wasm'] })
}

async function describeBackend(where: Where): Promise<string> {
  using backend = await open(where)
  return backend.limits.description
}

async function runBackendChecks(where: Where, ids: readonly string[]): Promise<Verdicts> {
  using backend = await open(where)
  const verdicts: Verdicts = {}
  for (const { id, run } of backendChecks.filter((check) => ids.includes(check.id))) {
    const value = tolerance.find((exception) => exception.cases.includes(id))?.value
    verdicts[id] = await verdict(() => run(backend, value))
  }
  return verdicts
}

async function runModelChecks(where: Where, options: ModelCheckOptions, folders: readonly string[]): Promise<Verdicts> {
  using backend = await open(where)
  const verdicts: Verdicts = {}
  for (const fixture of fixtures.filter(({ folder }) => folders.includes(folder))) {
    const model = await FixtureModel.upload(await loadFixture(fixture), backend)
    for (const { name, run } of modelChecks(fixture, options)) {
      verdicts[`${fixture.folder}: ${name}`] = await verdict(() => run(model))
    }
    model.dispose()
  }
  return verdicts
}

async function verdict(run: () => Promise<void>): Promise<string | null> {
  try {
    await run()
    return null
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
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

export const page = { describeBackend, runBackendChecks, runModelChecks }
export type Page = typeof page

Object.assign(globalThis, { page })
