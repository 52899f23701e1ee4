// The same seed on cpu and webgpu, and how near the choice was where the texts part. Build the packages first, then:
//   node packages/webgpu/bench/same-text.mjs [folder of a model] [tokens]
// It ends with code 1 when they part where two candidates differed by 1e-5 or more.
import process from 'node:process'
import { cpu } from '@retnet/cpu'
import { loadModel } from '@retnet/formats'
import { generate } from '@retnet/generate'
import { webgpu } from '@retnet/webgpu'

const [folder = 'models/novels-7m', count = '200'] = process.argv.slice(2)
const prompt = [310, 42, 1207, 96]
const options = { seed: 7, temperature: 0.8, topP: 0.95, maxTokens: Number(count), logprobs: 0 }

async function write(backend) {
  using loaded = await loadModel(folder, { backend })
  const pieces = []
  for await (const { id, logprob } of generate(loaded.model, prompt, options)) pieces.push({ id, logprob })
  console.log(`${backend.name}: ${backend.limits.description}: ${pieces.length} tokens`)
  backend.dispose()
  return pieces
}

const [mine, other] = [await write(await webgpu()), await write(await cpu())]
const parted = mine.findIndex(({ id }, at) => id !== other[at].id)
const same = parted < 0 ? mine.length : parted
const gaps = mine.slice(0, same).map(({ logprob }, at) => Math.abs(Math.exp(logprob) - Math.exp(other[at].logprob)))
console.log(`largest difference of a chosen token's probability: ${Math.max(...gaps).toExponential(1)}`)
if (parted < 0) console.log(`the same ${mine.length} tokens`)
else {
  const [here, there] = [mine[parted], other[parted]].map(({ id, logprob }) => `${id} (p ${Math.exp(logprob)})`)
  console.log(`the texts part at token ${parted}: ${here} on webgpu, ${there} on cpu`)
  process.exitCode = Math.abs(Math.exp(mine[parted].logprob) - Math.exp(other[parted].logprob)) < 1e-5 ? 0 : 1
}
