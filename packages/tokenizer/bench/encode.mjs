// Speed of encoding beside @huggingface/tokenizers and gpt-tokenizer: first pass over novels line by line, and the time that 64,000
// characters without a space take, for every kind of model and for patterns of a file's own. Usage, after a build:
//   node packages/tokenizer/bench/encode.mjs TOKENIZERS NOVELS [MB]
// TOKENIZERS holds NAME/tokenizer.json for gpt2, phi-3, t5-small and bert-base-uncased; NOVELS holds *.txt.
import { readdirSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { Tokenizer as Peer } from '@huggingface/tokenizers'
import { encode as encodeR50k } from 'gpt-tokenizer/encoding/r50k_base'
import { Tokenizer } from '../dist/index.js'

const [tokenizers, novels, most = '8'] = process.argv.slice(2)
const read = (name) => JSON.parse(readFileSync(join(tokenizers, name, 'tokenizer.json'), 'utf8'))
const [gpt2, phi3, t5, bert] = ['gpt2', 'phi-3', 't5-small', 'bert-base-uncased'].map(read)

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
const withPattern = (Regex) => ({
  ...gpt2,
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [{ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }, byteLevel],
  },
})
const wordLevel = { type: 'WordLevel', unk_token: '[UNK]', vocab: bert.model.vocab }
const cased =
  '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*'

// name, file, MB/s to reach, peers
const rows = [
  ['gpt2, byte-level BPE', gpt2, 15, ['@huggingface/tokenizers', 'gpt-tokenizer']],
  ['phi-3, byte-fallback BPE', phi3, 5, ['@huggingface/tokenizers']],
  ['t5-small, Unigram', t5, 3, ['@huggingface/tokenizers']],
  ['bert-base-uncased, WordPiece', bert, 3, ['@huggingface/tokenizers']],
  ['WordLevel', { ...bert, model: wordLevel, pre_tokenizer: { type: 'Whitespace' } }, undefined, []],
  [
    'gpt2 with the pattern of Mistral Tekken',
    withPattern(`${cased}|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`),
    undefined,
    [],
  ],
  ['gpt2 with the pattern (a+)+$b|a+b|.', withPattern('(a+)+$b|a+b|.'), undefined, []],
]

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
  for (const line of lines) encode(line)
  const { user, system } = process.cpuUsage(cpu)
  const perSecond = (ms) => megabytes / (ms / 1000)
  return { clock: perSecond(performance.now() - start), cpu: perSecond((user + system) / 1000) }
}

const show = ({ clock, cpu }) => `${clock.toFixed(1)} MB/s by the clock, ${cpu.toFixed(1)} by the processor's time`

const noSpaces = {
  letters: Array.from({ length: 64_000 }, (_, i) => String.fromCharCode(97 + ((i * 7919 + (i >> 3)) % 26))).join(''),
  'one letter': 'a'.repeat(64_000),
  'no letter': '{}[]'.repeat(16_000),
  Chinese: '中文字符'.repeat(16_000),
}

const lines = readLines(Number(most) * 1e6)
// The slowest peer gets the beginning: its speed does not depend on the length.
const few = lines.slice(0, Math.ceil(lines.length / 8))
const loads = loadavg().map((load) => load.toFixed(1))
console.log(`node ${process.version}, load ${loads.join(' ')}, ${most} MB line by line, first pass`)
for (const [name, file, aim, peers] of rows) {
  const ours = await Tokenizer.load(file)
  const own = measure((line) => ours.encode(line), lines)
  console.log(`\n${name}\n  @retnet/tokenizer: ${show(own)}${aim === undefined ? '' : ` (aim: ${aim})`}`)
  if (peers.includes('@huggingface/tokenizers')) {
    const peer = new Peer(file, {})
    const theirs = measure((line) => peer.encode(line, { add_special_tokens: false }).ids, few)
    console.log(`  @huggingface/tokenizers: ${show(theirs)}`)
  }
  if (peers.includes('gpt-tokenizer')) {
    const theirs = measure((line) => encodeR50k(line, { allowedSpecial: 'all' }), lines)
    console.log(
      `  gpt-tokenizer, r50k: ${show(theirs)}; ours is ${(own.cpu / theirs.cpu).toFixed(1)} times as fast (aim: 4)`,
    )
  }
  const times = Object.entries(noSpaces).map(([what, text]) => {
    const start = performance.now()
    ours.encode(text)
    return `${what} ${(performance.now() - start).toFixed(0)} ms`
  })
  console.log(`  64,000 characters without a space: ${times.join(', ')} (aim: below 500)`)
}
