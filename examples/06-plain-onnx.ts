// A model of `npm start -- convert --to onnx --out novels-onnx` in plain ONNX Runtime: none of our packages is used.
import { readFileSync } from 'node:fs'
import { InferenceSession, Tensor } from 'onnxruntime-node'

const folder = process.argv[2] ?? 'novels-onnx'
const session = await InferenceSession.create(`${folder}/onnx/model.onnx`)
const { vocab } = JSON.parse(readFileSync(`${folder}/tokenizer.json`, 'utf8')).model as {
  vocab: Record<string, number>
}
const pieces = Object.entries(vocab).sort(([, a], [, b]) => a - b)

// before the first token every state is zero
let states: Record<string, Tensor> = {}
for (const port of session.inputMetadata) {
  if (!port.isTensor || !port.name.startsWith('past.')) continue
  const shape = port.shape.map((extent) => (extent === 'batch' ? 1 : Number(extent)))
  const size = shape.reduce((product, extent) => product * extent, 1)
  states[port.name] =
    port.type === 'int32' ? new Tensor(new Int32Array(size), shape) : new Tensor(new Float32Array(size), shape)
}
let tokens = [0n] // <|endoftext|>, which begins a text too
for (let step = 0; step < 40; step++) {
  const shape = [1, tokens.length]
  const input_ids = new Tensor(BigInt64Array.from(tokens), shape)
  const attention_mask = new Tensor(
    BigInt64Array.from(tokens, () => 1n),
    shape,
  )
  const { logits, ...present } = await session.run({ input_ids, attention_mask, ...states })
  states = Object.fromEntries(Object.entries(present).map(([name, state]) => [name.replace('present', 'past'), state]))
  const last = (logits.data as Float32Array).subarray(-pieces.length)
  const best = last.indexOf(last.reduce((a, b) => Math.max(a, b)))
  process.stdout.write(pieces[best][0].replace('Ġ', ' ').replace('Ċ', '\n'))
  tokens = [BigInt(best)]
}
process.stdout.write('\n')
