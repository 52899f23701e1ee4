// Parallel, recurrent and chunkwise retention are three ways to compute one function: the logits agree up to rounding.
import { cpu } from '@retnet/cpu'
import { loadModel } from '@retnet/formats'
import { Tokenizer } from '@retnet/tokenizer'

using backend = await cpu()
using loaded = await loadModel('models/novels-7m', { backend })
const ids = (await Tokenizer.load(loaded.tokenizerJson!)).encode(
  '"My dear," said Mrs. Bennet, "I am not going to be married."',
)
const tokens = Int32Array.from(ids)
const mask = new Int32Array(tokens.length).fill(1)

const logits: Record<string, ArrayLike<number>> = {}
for (const form of ['parallel', 'recurrent', 'chunkwise'] as const) {
  const program = await loaded.model.program('logits', { rows: 1, length: tokens.length }, { form, chunk: 4 })
  using state = program.createState()
  logits[form] = (await program.run({ tokens, mask }, state)).logits
}
for (const form of ['recurrent', 'chunkwise']) {
  const most = Array.from(logits[form]).reduce(
    (so, value, at) => Math.max(so, Math.abs(value - logits.parallel[at])),
    0,
  )
  console.log(`${form}: differs from parallel by at most ${most.toExponential(1)}`)
}
