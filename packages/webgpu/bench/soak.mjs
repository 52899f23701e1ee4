// Generates 100,000 tokens with forced garbage collections between submits and prints what memory does. Build the packages first, then:
//   node --expose-gc packages/webgpu/bench/soak.mjs [folder of a model] [tokens]
// It ends with code 1 when device memory was larger in the second half than in the first, or when the process grew by more than 64 MiB after the first tenth.
import process from 'node:process'
import { loadModel } from '@retnet/formats'
import { createSession } from '@retnet/generate'
import { webgpu } from '@retnet/webgpu'

const [folder = 'models/novels-7m', count = '100000'] = process.argv.slice(2)
const tokens = Number(count)
const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(1).padStart(8)
const rows = []

const backend = await webgpu()
const loaded = await loadModel(folder, { backend })
const session = await createSession(loaded.model, { bosToken: 1 })
console.log(
  `${backend.limits.description}; ${folder}; gc ${typeof gc === 'function' ? 'every 16 tokens' : 'not exposed'}`,
)
console.log('   tokens  tokens/s  process MiB  heap MiB  device MiB')

let begin = performance.now()
let done = 0
for await (const _ of session.generate({ maxTokens: tokens, seed: 1, temperature: 0.8, topP: 0.95 })) {
  done++
  if (done % 16 === 0) globalThis.gc?.()
  if (done % Math.ceil(tokens / 10) === 0) report()
}

function report() {
  const { rss, heapUsed } = process.memoryUsage()
  const speed = tokens / 10 / ((performance.now() - begin) / 1000)
  rows.push({ rss, device: backend.bytes })
  const cells = [String(done).padStart(9), speed.toFixed(0).padStart(9), mebibytes(rss).padStart(12)]
  console.log(...cells, mebibytes(heapUsed).padStart(8), mebibytes(backend.bytes).padStart(11))
  begin = performance.now()
}

session.dispose()
loaded.dispose()
backend.dispose()
const [first, last] = [rows[0], rows.at(-1)]
// a report within a batch sees the state that the batch began with, one between batches does not
const top = (from, to) => Math.max(...rows.slice(from, to).map(({ device }) => device))
const flat = top(5, 10) <= top(0, 5) && last.rss - first.rss < 64 * 2 ** 20
console.log(flat ? 'memory is flat' : 'memory grew')
process.exitCode = flat ? 0 : 1
const end = performance.now()
process.on('exit', () => console.log(`ended ${((performance.now() - end) / 1000).toFixed(2)} s after dispose`))
