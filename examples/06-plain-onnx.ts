// A model that `retnet convert --to onnx` has written, in plain ONNX Runtime: none of our packages is used.
//   npm start -- convert --to onnx --out novels-onnx && node examples/06-plain-onnx.ts novels-onnx
import { readFileSync } from 'node:fs'
import { InferenceSession, Tensor } from 'onnxruntime-node'

const folder = process.argv[2] ?? 'novels-onnx'
const session = await InferenceSession.create(`${folder}/onnx/model.onnx`)
const { model } = JSON.parse(readFileSync(`${folder}/tokenizer.json`, 'utf8')) as {
  model: { vocab: Record<string, number> }
}
const pieces = new Map(
  Object.entries(model.vocab).map(([piece, id]) => [id, piece.replace('Ġ', ' ').replace('Ċ', '\n')]),
)

// before the first token every state is zero
let states: Record<string, Tensor> = {}
for (const port of session.inputMetadata) {
  if (!port.isTensor || !port.name.startsWith('past.')) continue
  const shape = port.shape.map((extent) => (typeof extent === 'string' ? 1 : extent))
  const size = shape.reduce((product, extent) => product * extent, 1)
  const zeros = port.type === 'int32' ? new Int32Array(size) : new Float32Array(size)
  states[port.name] = new Tensor(port.type as 'float32', zeros as Float32Array, shape)
}

let tokens = [0n] // <|endoftext|>, which begins a text too
for (let step = 0; step < 40; step++) {
  const shape = [1, tokens.length]
  const input_ids = new Tensor('int64', BigInt64Array.from(tokens), shape)
  const attention_mask = new Tensor(
    'int64',
    BigInt64Array.from(tokens, () => 1n),
    shape,
  )
  const { logits, ...present } = await session.run({ input_ids, attention_mask, ...states })
  states = Object.fromEntries(Object.entries(present).map(([name, state]) => [name.replace('present', 'past'), state]))
  const last = (logits.data as Float32Array).subarray(-logits.dims[2])
  const best = last.indexOf(last.reduce((a, b) => Math.max(a, b)))
  process.stdout.write(pieces.get(best)!)
  tokens = [BigInt(best)]
}
process.stdout.write('\n')
