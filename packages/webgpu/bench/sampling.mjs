// Draws on the device: against the reference, their time by size of the vocabulary, and tokens/s of a model by draws in one call.
// node packages/webgpu/bench/sampling.mjs [--quick] [--tokens 200] [--no-model]      (after pnpm build; --quick: for software adapters)
import { parseArgs } from 'node:util'
import { interpret, sample, trace } from '@retnet/core'
import { webgpu } from '@retnet/webgpu'

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean' }, tokens: { type: 'string' }, 'no-model': { type: 'boolean' } },
})
const tokens = Number(flags.tokens ?? (flags.quick ? 24 : 200))
const backend = await webgpu()
console.log(backend.limits.description)

// temperature, topK, topP, minP, repetition, frequency and presence penalty
const rules = {
  greedy: [0, 0, 1, 0, 1, 0, 0],
  'temperature 0.8': [0.8, 0, 1, 0, 1, 0, 0],
  'top-k 40': [0.8, 40, 1, 0, 1, 0, 0],
  'top-p 0.95': [0.8, 0, 0.95, 0, 1, 0, 0],
  'min-p 0.05': [0.8, 0, 1, 0.05, 1, 0, 0],
  everything: [0.8, 200, 0.95, 0.01, 1.2, 0.3, 0.1],
}

/** `times` draws a run, each by its own place. */
function drawGraph(rows, columns) {
  return trace('draw', (g) => ({
    drawn: sample({
      logits: g.input('logits', [rows, columns]),
      rules: g.input('rules', [rows, 7]),
      seed: g.input('seed', [rows, 2], 'i32'),
      index: g.input('index', [rows], 'i32'),
      history: g.input('history', [rows, columns], 'i32'),
    }),
  }))
}

// as sharp as those of a trained model: most tokens far below the best
function inputsOf(rows, columns, rule, seed) {
  const logits = new Float32Array(rows * columns)
  for (let at = 0; at < logits.length; at++) {
    logits[at] = 4 * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(6.2832 * Math.random())
  }
  return {
    logits,
    rules: Float32Array.from({ length: rows * 7 }, (_, at) => rule[at % 7]),
    seed: Int32Array.from({ length: rows * 2 }, (_, at) => (Math.imul(at + 1, 0x9e3779b9) ^ seed) | 0),
    index: Int32Array.from({ length: rows }, (_, row) => row * 1000 + seed),
    history: Int32Array.from(logits, (_, at) => ((at * 7919) % 53 < 2 ? (at % 3) + 1 : 0)),
  }
}

function exact(inputs) {
  const all = Object.entries(inputs).map(([name, data]) => [
    name,
    data instanceof Int32Array ? data : Float64Array.from(data),
  ])
  return Object.fromEntries(all)
}

const sizes = flags.quick
  ? [
      [1, 4096],
      [4, 4096],
    ]
  : [
      [1, 4096],
      [1, 50304],
      [32, 50304],
      [1, 151936],
      [1, 262144],
      [32, 262144],
    ]
console.log('microseconds a draw (equal to the reference / compared)')
for (const [rows, columns] of sizes) {
  const graph = drawGraph(rows, columns)
  const program = await backend.compile(graph, { weights: {} })
  const cells = []
  for (const [name, rule] of Object.entries(rules)) {
    let equal = 0
    let compared = 0
    for (const seed of flags.quick || columns > 60000 ? [1] : [1, 2, 3]) {
      const inputs = inputsOf(Math.min(rows, 2), columns, rule, seed)
      const small = rows <= 2 ? program : await backend.compile(drawGraph(2, columns), { weights: {} })
      const { drawn } = await small.run(inputs, null)
      const expected = interpret(small.graph, exact(inputs)).outputs.drawn
      expected.forEach((id, row) => (equal += id === drawn[row] ? 1 : 0))
      compared += expected.length
      if (small !== program) small.dispose()
    }
    const inputs = inputsOf(rows, columns, rule, 7)
    const run = async (times) => {
      const begin = performance.now()
      await program.run(inputs, null, { repeat: { times } })
      return performance.now() - begin
    }
    const many = flags.quick ? 6 : 201
    await run(many)
    // the upload of the inputs and the read-back are in both
    const one = Math.min(await run(1), await run(1), await run(1))
    const all = Math.min(await run(many), await run(many))
    cells.push(`${name} ${(((all - one) / (many - 1)) * 1000).toFixed(1)} (${equal}/${compared})`)
  }
  console.log(`[${rows}, ${columns}]  ${cells.join(' | ')}`)
  program.dispose()
}

if (!flags['no-model']) await decodeNovels()
backend.dispose()

/** The same text as by the sampler over the logits of the cpu, and the speed of both ways. */
async function decodeNovels() {
  const { cpu } = await import('@retnet/cpu')
  const { loadModel } = await import('@retnet/formats')
  const { generate } = await import('@retnet/generate')
  const folder = new URL('../../../models/novels-7m', import.meta.url).pathname
  const prompt = [3, 1, 4, 1, 5]
  const options = { seed: 42, temperature: 0.8, topP: 0.95, maxTokens: tokens }
  const embedded = await cpu({ threads: 2 })
  const twin = await loadModel(folder, { backend: embedded })
  const expected = await generate(twin.model, prompt, options).result
  const loaded = await loadModel(folder, { backend })
  const { model } = loaded
  await generate(model, prompt, { ...options, maxTokens: 40 }).result
  const single = await generate(model, prompt, { ...options, logprobs: 0 }).result
  const batched = await generate(model, prompt, options).result
  const different = batched.ids.findIndex((id, at) => id !== expected.ids[at])
  console.log(
    `novels-7m, ${tokens} tokens: ${different < 0 ? 'the text of the cpu' : `another text from token ${different} on`}`,
  )
  console.log(
    `tokens/s of generate: ${single.tokensPerSecond.toFixed(1)} one by one, ${batched.tokensPerSecond.toFixed(1)} in batches`,
  )
  const none = { topK: 0, minP: 0, repetitionPenalty: 1, frequencyPenalty: 0, presencePenalty: 0 }
  const settings = { ...none, ...options, logitBias: new Map(), history: { seen: [], output: new Map() } }
  for (const count of flags.quick ? [1, 8] : [1, 2, 4, 8, 16, 32, 64]) {
    const state = await model.createState()
    await model.consume(state, prompt.slice(0, -1))
    let ids = [prompt.at(-1)]
    const begin = performance.now()
    while (ids.length <= tokens) ids = ids.concat([...(await model.decodeMany(state, ids.at(-1), settings, count))])
    const rate = ((ids.length - 1) / (performance.now() - begin)) * 1000
    const same = expected.ids.every((id, at) => id === ids[at + 1])
    console.log(`  ${String(count).padStart(2)} a call: ${rate.toFixed(1)} tokens/s${same ? '' : ', ANOTHER TEXT'}`)
    state.dispose()
  }
  loaded.dispose()
  twin.dispose()
  embedded.dispose()
}
