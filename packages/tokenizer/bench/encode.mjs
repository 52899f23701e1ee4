// Speed of encoding beside @huggingface/tokenizers and gpt-tokenizer, first pass over novels line by line, and the time that 64,000
// characters without a space take. Usage, after a build: node packages/tokenizer/bench/encode.mjs TOKENIZERS NOVELS [MB]
// TOKENIZERS holds NAME/tokenizer.json, NOVELS holds *.txt.
import { readdirSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { Tokenizer as Peer } from '@huggingface/tokenizers'
import { encode as encodeR50k } from 'gpt-tokenizer/encoding/r50k_base'
import { Tokenizer } from '../dist/index.js'

const [tokenizers, novels, most = '8'] = process.argv.slice(2)
const NAMES = ['gpt2', 'phi-3', 't5-small', 'bert-base-uncased']

function readLines(limit) {
  let text = ''
  for (const name of readdirSync(novels)
    .filter((file) => file.endsWith('.txt'))
    .toSorted()) {
    text += readFileSync(join(novels, name), 'utf8')
    if (text.length > limit) break
  }
  return text.slice(0, limit).split(/(?<=\n)/)
}

// By the clock, and by the processor's time (all threads of the process), which other programs disturb less.
function measure(encode, lines) {
  const megabytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) / 1e6
  const start = performance.now()
  const cpu = process.cpuUsage()
  let tokens = 0
  for (const line of lines) tokens += encode(line).length
  const { user, system } = process.cpuUsage(cpu)
  const perSecond = (ms) => +(megabytes / (ms / 1000)).toFixed(2)
  return { clock: perSecond(performance.now() - start), cpu: perSecond((user + system) / 1000), tokens }
}

const noSpaces = {
  letters: Array.from({ length: 64_000 }, (_, i) => String.fromCharCode(97 + ((i * 7919 + (i >> 3)) % 26))).join(''),
  'one letter': 'a'.repeat(64_000),
}

const lines = readLines(Number(most) * 1e6)
// The slowest peer gets the beginning: its speed does not depend on the length.
const few = lines.slice(0, Math.ceil(lines.length / 8))
console.log(
  `node ${process.version}, load ${loadavg()
    .map((x) => x.toFixed(1))
    .join(' ')}`,
)
for (const name of NAMES) {
  const json = readFileSync(join(tokenizers, name, 'tokenizer.json'), 'utf8')
  const ours = await Tokenizer.load(json)
  const peer = new Peer(JSON.parse(json), {})
  const rows = { '@retnet/tokenizer': measure((line) => ours.encode(line), lines) }
  rows['@huggingface/tokenizers'] = measure((line) => peer.encode(line, { add_special_tokens: false }).ids, few)
  if (name === 'gpt2')
    rows['gpt-tokenizer r50k_base'] = measure((line) => encodeR50k(line, { allowedSpecial: 'all' }), lines)
  console.log(name, JSON.stringify(rows))
  for (const [what, text] of Object.entries(noSpaces)) {
    const start = performance.now()
    ours.encode(text)
    console.log(`  64,000 characters, ${what}: ${(performance.now() - start).toFixed(0)} ms`)
  }
}
