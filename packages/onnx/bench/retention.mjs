// Retention alone in onnxruntime-node: one LinearAttention node beside matrix products, by the number of tokens. Heads as in the 134M model of
// apps/bench, or: node packages/onnx/bench/retention.mjs HEADS KEYS VALUES
import { logDecays, retention, trace } from '@retnet/core'
import { onnx } from '@retnet/onnx'
import * as ort from 'onnxruntime-node'

const [heads = 3, keys = 256, values = 512] = process.argv.slice(2).map(Number)

for (const length of [1, 64, 256, 512, 1024, 2048]) {
  const graph = trace('retention', (g) => {
    const q = g.input('q', [1, length, heads, keys])
    const k = g.input('k', [1, length, heads, keys])
    const v = g.input('v', [1, length, heads, values])
    const state = g.state('memory', [1, heads, keys, values])
    const result = retention(q, k, v, { logDecay: logDecays('power', heads), state })
    g.updateState(state, result.state)
    return { y: result.output }
  })
  const random = (size) => Float32Array.from({ length: size }, () => Math.random() - 0.5)
  const inputs = {
    q: random(length * heads * keys),
    k: random(length * heads * keys),
    v: random(length * heads * values),
  }
  const times = []
  for (const operators of ['microsoft', 'standard']) {
    using backend = await onnx({ ort, operators })
    using program = await backend.compile(graph, { weights: {} })
    using state = program.createState()
    let best = Infinity
    for (let turn = 0; turn < 8; turn++) {
      const begin = performance.now()
      await program.run(inputs, state)
      best = Math.min(best, performance.now() - begin)
    }
    times.push(best)
  }
  const [one, other] = times.map((ms) => `${ms.toFixed(2)} ms`)
  console.log(
    `${length} tokens: LinearAttention ${one}, products ${other}: ${(times[1] / times[0]).toFixed(2)} times as long`,
  )
}
