/**
 * `node apps/bench/src/onnx.ts [--dtype q8] [MODEL ...]`: the cpu backend beside ONNX Runtime, native and in WebAssembly, in one run: decoding, and taking in
 * 512 tokens. Models are folders, or `134m`: that many random weights. Logits of the candidates must agree before they are timed. On a machine
 * that is not quiet, `--busy` gives every candidate one thread and counts the time of the processor instead of that of the clock.
 */
import { cpus, loadavg } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Backend, Model, WeightEncoding } from '@retnet/core'
import { cpu } from '@retnet/cpu'
import { loadModel } from '@retnet/formats'
import { onnx } from '@retnet/onnx'
import * as native from 'onnxruntime-node'
import * as web from 'onnxruntime-web'
import { measureBandwidth } from './bandwidth.ts'
import { type Task, compare } from './measure.ts'
import { randomModel } from './random-model.ts'

interface Candidate {
  readonly name: string
  readonly make: () => Promise<Backend>
}

const length = 512
const { positionals: names, values } = parseArgs({
  allowPositionals: true,
  options: { dtype: { type: 'string' }, busy: { type: 'boolean', default: false } },
})
const repetitions = values.busy ? 2 : 4
const threads = values.busy ? 1 : cpus().length
web.env.wasm.numThreads = threads

const runtimes: readonly Candidate[] = [
  { name: 'cpu', make: () => cpu({ threads }) },
  { name: 'onnxruntime-node', make: () => onnx({ ort: native, threads }) },
  {
    name: 'onnxruntime-node, standard operators',
    make: () => onnx({ ort: native, threads, operators: 'standard' }),
  },
  { name: 'onnxruntime-node, 8-bit activations', make: () => onnx({ ort: native, threads, accuracyLevel: 4 }) },
  { name: 'onnxruntime-web', make: () => onnx({ ort: web }) },
]
/** Milliseconds of the clock, or of the processor. */
const now = () => {
  if (!values.busy) return performance.now()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
const rounded = /activations/

async function main(): Promise<void> {
  const bytesPerSecond = values.busy ? copyRate() : (await measureBandwidth(threads)).bytesPerSecond
  const { model } = cpus()[0]
  print(`${model.trim()}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, Node ${process.versions.node}`)
  print(`copy bandwidth, bytes read and written: ${(bytesPerSecond / 1e9).toFixed(1)} GB/s (${threads} threads)`)
  for (const name of names.length > 0 ? names : ['models/novels-7m']) {
    const dtypes = values.dtype === undefined ? (name === '134m' ? ['q8'] : ['f32', 'q8']) : [values.dtype]
    for (const dtype of dtypes as WeightEncoding[]) await compareModel(name, dtype, bytesPerSecond)
  }
}

async function compareModel(name: string, dtype: WeightEncoding, bytesPerSecond: number): Promise<void> {
  const candidates = runtimes.filter((each) => dtype !== 'f32' || !rounded.test(each.name))
  const loaded: { readonly name: string; readonly model: Model; readonly backend: Backend }[] = []
  for (const candidate of candidates) {
    const backend = await candidate.make()
    loaded.push({ name: candidate.name, backend, model: await load(name, backend, dtype) })
  }
  await gate(loaded)
  const decode = await compare(await Promise.all(loaded.map(decodeTask)), repetitions, now)
  const prefill = await compare(await Promise.all(loaded.map(prefillTask)), values.busy ? 1 : repetitions, now)
  print(
    `\n${name}, ${dtype}\n\n| | decode, tokens/s | share of copy | prefill of ${length}, tokens/s |\n|---|---:|---:|---:|`,
  )
  for (const { name: each, model } of loaded) {
    const rate = decode.get(each)!
    const share = ((model.weightBytes + 2 * model.stateBytes) * rate) / bytesPerSecond
    print(`| ${each} | ${rate.toFixed(0)} | ${(100 * share).toFixed(0)} % | ${prefill.get(each)!.toFixed(0)} |`)
  }
  for (const { model, backend } of loaded) {
    model.dispose()
    backend.dispose()
  }
}

async function load(name: string, backend: Backend, dtype: WeightEncoding): Promise<Model> {
  return name === '134m' ? randomModel(backend, dtype) : (await loadModel(resolve(name), { backend, dtype })).model
}

/** The best next tokens after the same text must be the same, or nearly as good: what is rounded more may prefer its equal. */
async function gate(loaded: readonly { readonly name: string; readonly model: Model }[]): Promise<void> {
  const all: Float32Array[] = []
  for (const { model } of loaded) {
    using state = await model.createState()
    await model.consume(state, [1, 2, 3, 4, 5])
    all.push(await model.next(state, 6))
  }
  all.forEach((logits, index) => {
    const tolerance = rounded.test(loaded[index].name) ? 0.5 : 5e-3
    const worst = logits.reduce((most, logit, id) => Math.max(most, Math.abs(logit - all[0][id])), 0)
    const largest = all[0].reduce((most, logit) => Math.max(most, Math.abs(logit)), 0)
    if (!(worst <= tolerance * largest))
      throw new Error(`${loaded[index].name}: logits are off by ${worst} of ${largest}.`)
  })
}

async function decodeTask({ name, model }: { readonly name: string; readonly model: Model }): Promise<Task> {
  const state = await model.createState()
  const tokens = values.busy ? 8 : 24
  const run = async () => {
    for (let at = 0; at < tokens; at++) await model.next(state, 1 + ((at * 7919) % 4000))
  }
  return { name, tokens, run }
}

async function prefillTask({ name, model }: { readonly name: string; readonly model: Model }): Promise<Task> {
  const program = await model.program('consume', { rows: 1, length })
  const state = program.createState()
  const tokens = Int32Array.from({ length }, (_, at) => 1 + ((at * 7919) % 4000))
  const mask = new Int32Array(length).fill(1)
  return { name, tokens: length, run: async () => void (await program.run({ tokens, mask }, state)) }
}

/** Of large copies by one thread, bytes read and written both counted, by the time that `now` has. */
function copyRate(): number {
  const [from, to] = [new Uint8Array(2 ** 27).fill(1), new Uint8Array(2 ** 27).fill(2)]
  let best = Infinity
  for (let turn = 0; turn < 6; turn++) {
    const begin = now()
    to.set(from)
    best = Math.min(best, now() - begin)
  }
  return ((2 * from.length) / best) * 1000
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

await main()
