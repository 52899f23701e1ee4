/**
 * What it costs that texts are saved: novels-7m on a GPU, all rows of an engine writing, none, one or all of them with their places.
 *
 *   node apps/bench/src/webgpu-sessions.mjs MODEL-FOLDER [--rows 1,64] [--tokens 256] [--repetitions 3]
 *
 * One line for each: tokens a second, the median of the repetitions. Needs the built packages and, in Node, the package `webgpu`.
 */
import { parseArgs } from 'node:util'
import { loadCheckpoint, nodeFolder } from '@retnet/formats'
import { validateOptions } from '@retnet/generate'
import { Engine } from '@retnet/serve'
import { webgpu } from '@retnet/webgpu'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '1,64' },
    tokens: { type: 'string', default: '256' },
    repetitions: { type: 'string', default: '3' },
  },
})
const maxTokens = Number(options.tokens)
const codec = {
  encode: () => new Int32Array(),
  decode: () => '',
  createDecodeStream: () => ({ push: (id) => `<${id}>`, flush: () => '' }),
}
const kinds = {
  'none is saved': () => ({}),
  'one is saved': (at) => (at === 0 ? { save: true } : {}),
  'one is saved, and may end with words': (at) => (at === 0 ? { save: true, stop: 'none' } : {}),
  'all are saved': () => ({ save: true }),
  'all are saved, and may end with ids': () => ({ save: true, stopIds: [9, 0] }),
  'all are saved, and may end with words': () => ({ save: true, stop: 'none' }),
}

using backend = await webgpu()
using loaded = await loadCheckpoint(await nodeFolder(positionals[0]), { backend })
for (const rows of options.rows.split(',').map(Number)) {
  using engine = await Engine.create(loaded.model, { rows })
  await engine.prepare()
  await write(engine, rows, kinds['none is saved'])
  for (const [name, kind] of Object.entries(kinds)) {
    const rates = []
    for (let at = 0; at < Number(options.repetitions); at++) rates.push(await write(engine, rows, kind))
    const median = rates.toSorted((a, b) => a - b)[rates.length >> 1]
    console.log(`${String(rows).padStart(3)} rows, ${name.padEnd(40)} ${median.toFixed(0).padStart(7)} tokens/s`)
  }
}

/** Tokens a second of as many texts as there are rows. */
async function write(engine, rows, kind) {
  const requests = Array.from({ length: rows }, (_, seed) => {
    const { save, ...more } = kind(seed)
    const settings = validateOptions({ maxTokens, seed, ...more }, engine.model.spec.vocabSize)
    return { prompt: Int32Array.of(1, 5 + seed), settings, codec, ...(save && { save }) }
  })
  const began = performance.now()
  const counts = await Promise.all(engine.submit(requests).map(count))
  return (counts.reduce((a, b) => a + b) / (performance.now() - began)) * 1000
}

async function count({ events }) {
  let drawn = 0
  for await (const { kind } of events) if (kind === 'token') drawn++
  return drawn
}
