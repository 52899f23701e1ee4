/** `retnet tokenizer bench`: how fast text is encoded and decoded, beside other libraries where they are installed. */
import { Tokenizer } from '@retnet/tokenizer'
import type { Command } from 'commander'
import { CommandError } from '../errors.js'
import { type Io, write, writeJson } from '../io.js'
import { addTokenizerName, readTokenizer, type TokenizerOptions } from '../model/open-tokenizer.js'
import { wholeNumber } from '../options/numbers.js'
import { letEventsHappen } from '../terminal/let-events-happen.js'
import { createProgress } from '../terminal/progress.js'
import { showBytes, showCount } from '../terminal/units.js'
import { loadPeers, type TextEngine } from '../tokenizer/peers.js'
import { readText } from '../text/read-text.js'

interface BenchOptions extends TokenizerOptions {
  readonly runs: number
  readonly maxMb: number
  readonly json?: boolean
}

interface Row {
  readonly library: string
  readonly tokens: number
  /** Lines whose ids differ from ours; null where the vocabulary is another one. */
  readonly different: number | null
  readonly firstEncodeMBps: number
  readonly bestEncodeMBps: number
  readonly bestDecodeMBps: number
}

export function addTokenizerBench(group: Command, io: Io): void {
  addTokenizerName(group.command('bench'))
    .argument('<file>', 'text in UTF-8; - reads stdin')
    .description('Measure how fast a text is encoded and decoded, line by line.')
    .option('--runs <n>', 'passes over the text; the first is also shown alone', wholeNumber(1, 100), 3)
    .option('--max-mb <n>', 'use so much of the text, in million characters', wholeNumber(1, 256), 8)
    .option('--json', 'print one JSON object')
    .addHelpText('after', explanation)
    .action((file: string, options: BenchOptions) => runBench(io, file, options))
}

const explanation = `
Beside this library: @huggingface/tokenizers with the same tokenizer, and gpt-tokenizer with its r50k vocabulary, if they are
installed where you are (npm install @huggingface/tokenizers gpt-tokenizer). MB/s are million bytes of text a second.

Examples:
  retnet tokenizer bench novels.txt
  retnet tokenizer bench novels.txt --tokenizer ./gpt2 --runs 5 --json`

async function runBench(io: Io, file: string, options: BenchOptions): Promise<void> {
  const json = await readTokenizer(io, options)
  const ours = await Tokenizer.load(json)
  const text = (await readText(io, file)).slice(0, options.maxMb * 1e6)
  if (text === '') throw new CommandError(`${file}: the text is empty.`, 'Give a longer text.')
  const lines = text.toWellFormed().split(/(?<=\n)/)
  const { engines, missing } = await loadPeers(json)
  const mine: TextEngine = {
    name: '@retnet/tokenizer',
    sameVocabulary: true,
    encode: (line) => ours.encode(line),
    decode: (ids) => ours.decode(ids),
  }
  using progress = createProgress(io, 'measuring', (done) => `${done} passes`)
  const expected = lines.map((line) => ours.encode(line))
  const rows: Row[] = []
  // a tokenizer of its own: the one above knows the words by now
  const fresh = await Tokenizer.load(json)
  for (const engine of [{ ...mine, encode: (line: string) => fresh.encode(line) }, ...engines]) {
    progress.update(rows.length, engines.length + 1)
    rows.push(await measure(io, engine, lines, expected, options.runs))
  }
  progress.stop()
  const bytes = Buffer.byteLength(text)
  if (options.json) return writeJson(io, { bytes, lines: lines.length, runs: options.runs, rows, missing })
  await write(io.stdout, table(rows, `${showBytes(bytes)}, ${showCount(lines.length)} lines, ${options.runs} passes`))
  for (const name of missing) io.stderr.write(`retnet: ${name} is not installed here, so it was left out.\n`)
}

async function measure(
  io: Io,
  engine: TextEngine,
  lines: readonly string[],
  expected: readonly ArrayLike<number>[],
  runs: number,
): Promise<Row> {
  const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0)
  const encodeMs: number[] = []
  const decodeMs: number[] = []
  let ids: ArrayLike<number>[] = []
  for (let run = 0; run < runs; run++) {
    await letEventsHappen(io.signal)
    const started = performance.now()
    ids = lines.map((line) => engine.encode(line))
    encodeMs.push(performance.now() - started)
    await letEventsHappen(io.signal)
    const begun = performance.now()
    for (const each of ids) engine.decode(each)
    decodeMs.push(performance.now() - begun)
  }
  const rate = (ms: number): number => bytes / 1e3 / ms
  return {
    library: engine.name,
    tokens: ids.reduce((sum, each) => sum + each.length, 0),
    different: engine.sameVocabulary ? ids.filter((each, line) => !equal(each, expected[line])).length : null,
    firstEncodeMBps: rate(encodeMs[0]),
    bestEncodeMBps: rate(Math.min(...encodeMs)),
    bestDecodeMBps: rate(Math.min(...decodeMs)),
  }
}

function equal(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((id, index) => id === b[index])
}

function table(rows: readonly Row[], title: string): string {
  const head = ['', 'encode, first', 'encode, best', 'decode, best', 'tokens', 'lines that differ']
  const cells = rows.map((row) => [
    row.library,
    ...[row.firstEncodeMBps, row.bestEncodeMBps, row.bestDecodeMBps].map((value) => `${value.toFixed(1)} MB/s`),
    showCount(row.tokens),
    row.different === null ? 'another vocabulary' : showCount(row.different),
  ])
  const widths = head.map((_, column) => Math.max(...[head, ...cells].map((row) => row[column].length)))
  const show = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column] + 2))).join('')
  return `${title}\n${[head, ...cells].map((row) => `${show(row)}\n`).join('')}`
}
