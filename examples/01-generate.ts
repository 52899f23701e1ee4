// Load a model and stream what it writes.
import { cpu } from '@retnet/cpu'
import { loadModel } from '@retnet/formats'
import { generate } from '@retnet/generate'
import { Tokenizer } from '@retnet/tokenizer'

using backend = await cpu()
using loaded = await loadModel('models/novels-7m', { backend })
const codec = await Tokenizer.load(loaded.tokenizerJson!)

const prompt = 'It was a dark and stormy night'
process.stdout.write(prompt)
for await (const { text } of generate(loaded.model, prompt, { codec, maxTokens: 40, temperature: 0.8, seed: 1 })) {
  process.stdout.write(text)
}
process.stdout.write('\n')
