/**
 * What the engine and the server cost over the bare steps of a batch, on a GPU, with RetNets of random weights.
 *
 *   node apps/bench/src/webgpu-engine.mjs [--models 1.3B] [--rows 1,32] [--encodings f16] [--tokens 128] [--layers N] [--engine]
 *
 * Lines: tokens a second of batch.decode one step and eight steps at a time, of the engine, and of streams over HTTP (not with --engine). Needs the built
 * packages and, in Node, the package `webgpu`.
 */
import { parseArgs } from 'node:util'
import { Model, parameterShapes } from '@retnet/core'
import { validateOptions } from '@retnet/generate'
import { Engine, serve } from '@retnet/serve'
import { webgpu } from '@retnet/webgpu'
import { randomSpec } from './random-model.ts'

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: '1.3B' },
    rows: { type: 'string', default: '1,32' },
    encodings: { type: 'string', default: 'f16' },
    tokens: { type: 'string', default: '128' },
    layers: { type: 'string' },
    vocab: { type: 'string', default: '32000' },
    engine: { type: 'boolean', default: false },
  },
})
const tokens = Number(options.tokens)
const sizes = {
  tiny: { width: 64, layers: 2, heads: 2 },
  '134M': { width: 768, layers: 12, heads: 3 },
  '1.3B': { width: 2048, layers: 24, heads: 8 },
  '6.7B': { width: 4096, layers: 32, heads: 16 },
}

function specOf(name) {
  const { width, layers, heads } = sizes[name]
  return randomSpec({
    vocabSize: Number(options.vocab),
    width,
    layers: Number(options.layers ?? layers),
    heads,
    hidden: 2 * width,
  })
}

/** Weights are made on the GPU: `upload` is given their shapes alone. */
function createModel(backend, spec, encoding) {
  let seed = 1
  const upload = ({ name, type: { shape } }) => {
    if (shape.length === 1) {
      const data = new Float32Array(shape[0]).fill(1)
      return backend.upload({ type: { dtype: 'f32', shape }, encoding: 'f32', data })
    }
    const range = name === 'embedding.weight' ? 1.7 : 0.5 * Math.sqrt(3 / shape[1])
    return backend.randomWeight(shape, encoding, { seed: seed++ * 0x9e3779b1, range })
  }
  const making = new Proxy(backend, {
    get: (target, key) => {
      if (key === 'upload') return upload
      const value = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const weights = [...parameterShapes(spec)].map(([name, shape]) => [name, { type: { dtype: 'f32', shape }, encoding }])
  return Model.create({ spec, backend: making, weights, fingerprint: () => 'random' })
}

const settings = (seed) => validateOptions({ maxTokens: tokens, seed, temperature: 1 }, Number(options.vocab))
const codec = {
  encode: (text) => Int32Array.from(text, (character) => character.charCodeAt(0) % 100),
  decode: (ids) => Array.from(ids, String).join(' '),
  createDecodeStream: () => ({ push: (id) => `${id} `, flush: () => '' }),
}

async function rate(rows, work) {
  await work()
  const times = []
  for (let run = 0; run < 3; run++) {
    const begin = performance.now()
    await work()
    times.push(performance.now() - begin)
  }
  const ms = times.toSorted((a, b) => a - b)[1]
  return `${((1000 * rows * tokens) / ms).toFixed(0)} tokens/s, ${(ms / tokens).toFixed(2)} ms a step`
}

async function bareSteps(model, rows, count) {
  using batch = await model.createBatch(rows)
  const history = { seen: [], output: new Map() }
  let last = Array.from({ length: rows }, (_, row) => row + 1)
  for (let at = 0; at < tokens; at += count) {
    const steps = last.map((token, row) => ({ row, token, settings: { ...settings(row), history } }))
    const found = await batch.decode(steps, { count })
    last = found.map(({ ids }) => ids.at(-1))
  }
}

async function engineSteps(engine, rows) {
  const requests = Array.from({ length: rows }, (_, row) => {
    return { prompt: Int32Array.of(1, row), settings: settings(row), codec }
  })
  await Promise.all(
    engine.submit(requests).map(async ({ events }) => {
      for await (const _ of events);
    }),
  )
}

async function streams(url, rows) {
  await Promise.all(
    Array.from({ length: rows }, async (__, row) => {
      const body = JSON.stringify({ prompt: [1, row], max_tokens: tokens, seed: row, stream: true })
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${url}/v1/completions`, { method: 'POST', headers, body })
      if (!response.ok) throw new Error(await response.text())
      for await (const _ of response.body);
    }),
  )
}

for (const name of options.models.split(',')) {
  for (const encoding of options.encodings.split(',')) {
    const backend = await webgpu()
    using model = await createModel(backend, specOf(name), encoding)
    for (const rows of options.rows.split(',').map(Number)) {
      const label = `${name} ${encoding}, ${rows} rows`
      console.log(`${label}: batch, 1 step at a time   ${await rate(rows, () => bareSteps(model, rows, 1))}`)
      console.log(`${label}: batch, 8 steps at a time  ${await rate(rows, () => bareSteps(model, rows, 8))}`)
      const engine = await Engine.create(model, { rows, queue: rows })
      console.log(`${label}: engine                    ${await rate(rows, () => engineSteps(engine, rows))}`)
      if (options.engine) {
        engine.dispose()
        continue
      }
      const server = await serve({ engine, model: { id: 'random', codec }, port: 0 })
      console.log(`${label}: HTTP, same process        ${await rate(rows, () => streams(server.url, rows))}`)
      await server.close(0)
      engine.dispose()
    }
    backend.dispose()
  }
}
process.exit()
