// The evaluation of a checkpoint (see models/README.md) through ONNX Runtime: the loss from both kinds of operators, and on both runtimes.
//   node packages/onnx/bench/evaluate.mjs MODEL TEXT [windows of 512, default 64]
import { readFile } from 'node:fs/promises'
import { loadModel } from '@retnet/formats'
import { onnx } from '@retnet/onnx'
import * as native from 'onnxruntime-node'
import * as web from 'onnxruntime-web'
import { Tokenizer } from '../../tokenizer/dist/index.js'

const [folder, textFile, windows = '64'] = process.argv.slice(2)
const size = 512
const text = await readFile(textFile, 'utf8')
const reference = JSON.parse(await readFile(`${folder}/reference.json`, 'utf8'))
console.log(`reference: ${reference.loss_512} over ${reference.windows_512} windows`)
for (const [name, ort] of Object.entries({ 'onnxruntime-node': native, 'onnxruntime-web': web })) {
  for (const operators of ['microsoft', 'standard']) {
    for (const dtype of ['f32', 'q8']) {
      using backend = await onnx({ ort, operators })
      using loaded = await loadModel(folder, { backend, dtype })
      const begin = performance.now()
      const loss = await evaluate(loaded, Number(windows))
      const seconds = (performance.now() - begin) / 1000
      console.log(`${name}, ${operators} operators, ${dtype}: ${loss.toFixed(7)} in ${seconds.toFixed(1)} s`)
    }
  }
}

async function evaluate({ model, tokenizerJson }, count) {
  const tokens = [0, ...(await Tokenizer.load(tokenizerJson)).encode(text.slice(0, count * size * 8))]
  const program = await model.program('loss', { rows: 1, length: size })
  using state = program.createState()
  const mask = new Int32Array(size).fill(1)
  let nats = 0
  for (let window = 0; window < count; window++) {
    const own = Int32Array.from(tokens.slice(window * size, (window + 1) * size))
    const targets = Int32Array.from(own, (_, at) => (at === size - 1 ? -1 : own[at + 1]))
    state.reset()
    const { losses } = await program.run({ tokens: own, mask, targets }, state)
    nats += losses.reduce((sum, loss) => sum + loss, 0)
  }
  return nats / (count * (size - 1))
}
