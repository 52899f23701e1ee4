/** `retnet tokenizer train`: a tokenizer.json from text files of any size. */
import { writeAtomically } from '@retnet/formats'
import { type BpeTrainingOptions, type SplitPattern, trainBpe } from '@retnet/tokenizer/train'
import { type Command, Option } from 'commander'
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { CommandError, UsageError } from '../errors.js'
import { type Io, write, writeJson } from '../io.js'
import { wholeNumber } from '../options/numbers.js'
import { createProgress } from '../terminal/progress.js'
import { showBytes, showCount } from '../terminal/units.js'
import { createTrainingText } from '../text/training-text.js'

interface TrainOptions {
  readonly out: string
  readonly vocabSize: number
  readonly minFrequency: number
  /** False for --no-special. */
  readonly special: readonly string[] | false
  readonly limitAlphabet?: number
  readonly maxTokenLength?: number
  readonly byteLevel: boolean
  readonly pattern?: SplitPattern
  readonly addPrefixSpace?: boolean
  readonly normalizer?: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'
  readonly subwordPrefix?: string
  readonly wordSuffix?: string
  readonly json?: boolean
}

const defaultSpecial: readonly string[] = ['<|endoftext|>']

export function addTokenizerTrain(group: Command, io: Io): void {
  group
    .command('train')
    .argument('<files...>', 'text files in UTF-8, of any size; - reads stdin')
    .description('Learn a BPE tokenizer from text, exactly as the trainer of Hugging Face does.')
    .requiredOption('-o, --out <file>', 'file to write, such as tokenizer.json')
    .option(
      '-v, --vocab-size <n>',
      'most tokens, special ones and the 256 bytes included',
      wholeNumber(1, 1 << 22),
      8192,
    )
    .option('--min-frequency <n>', 'merge only pairs that occur so often', wholeNumber(0), 0)
    .option('--special <token>', 'special token, with the first free id; may be repeated', collect, defaultSpecial)
    .option('--no-special', 'no special tokens')
    .option('--limit-alphabet <n>', 'most characters (bytes) of the alphabet; the rarest go', wholeNumber(1, 1 << 22))
    .option('--max-token-length <n>', 'most characters (bytes) of a token', wholeNumber(1, 1 << 22))
    .addOption(new Option('--pattern <name>', 'how words are cut (default: gpt2)').choices(['gpt2', 'llama3', 'qwen2']))
    .option('--add-prefix-space', 'put a space before each line that begins without one')
    .addOption(
      new Option('--normalizer <form>', 'Unicode form to bring text into').choices(['NFC', 'NFD', 'NFKC', 'NFKD']),
    )
    .option('--no-byte-level', 'tokens over characters instead of bytes; text with new characters loses them')
    .option('--subword-prefix <text>', 'with --no-byte-level: mark of parts that continue a word, such as ##')
    .option('--word-suffix <text>', 'with --no-byte-level: mark of parts that end a word, such as </w>')
    .option('--json', 'print one JSON object about what was written')
    .addHelpText('after', examples)
    .action((files: string[], options: TrainOptions) => runTrain(io, files, options))
}

const examples = `
Lines are taken one by one: no token crosses the end of a line. Text of a special token in the files counts as plain text.

Examples:
  retnet tokenizer train novels.txt --vocab-size 8192 --out tokenizer.json
  retnet tokenizer train a.txt b.txt --special "<|user|>" --special "<|end|>" --pattern llama3 --out tokenizer.json
  zcat corpus.gz | retnet tokenizer train - --min-frequency 2 --out tokenizer.json`

async function runTrain(io: Io, files: readonly string[], options: TrainOptions): Promise<void> {
  checkOutput(options.out)
  const text = createTrainingText(io, files)
  const started = performance.now()
  using merging = createProgress(io, 'merging', (tokens) => `${showCount(tokens)} tokens`)
  const trained = await trainBpe(text.lines, {
    ...trainingOptions(options),
    signal: io.signal,
    onProgress: ({ phase, done, total = 0 }) => {
      if (phase === 'read') return text.showProgress()
      text.stopProgress()
      merging.update(done, total)
    },
  })
  merging.stop()
  if (text.bytes === 0) throw new CommandError(`${files.join(', ')}: there is no text.`, 'Give files with text.')
  await writeAtomically(options.out, (put) => put(new TextEncoder().encode(trained.json)))
  const { tokens, merges, words } = trained
  const seconds = (performance.now() - started) / 1000
  const summary = { out: options.out, tokens: tokens.length, merges: merges.length, words, bytes: text.bytes, seconds }
  if (options.json) return writeJson(io, summary)
  await write(io.stdout, describe(summary))
  if (tokens.length < options.vocabSize) io.stderr.write(`retnet: ${whyFewer(summary, options)}\n`)
}

function trainingOptions(options: TrainOptions): BpeTrainingOptions {
  const { vocabSize, minFrequency, special, limitAlphabet, maxTokenLength, byteLevel, pattern, normalizer } = options
  const { addPrefixSpace, subwordPrefix: continuingSubwordPrefix, wordSuffix: endOfWordSuffix } = options
  const idle = byteLevel
    ? { '--subword-prefix': continuingSubwordPrefix, '--word-suffix': endOfWordSuffix }
    : { '--pattern': pattern, '--add-prefix-space': addPrefixSpace }
  for (const [flag, value] of Object.entries(idle)) {
    if (value === undefined) continue
    const remedy = byteLevel ? 'Add --no-byte-level, or leave it out.' : 'Leave it out.'
    throw new UsageError(`${flag}: has no meaning ${byteLevel ? 'over bytes' : 'with --no-byte-level'}.`, remedy)
  }
  const specialTokens = special === false ? [] : special
  if (specialTokens.includes('')) throw new UsageError('--special: the token is empty.', 'Give its text.')
  return {
    vocabSize,
    minFrequency,
    specialTokens,
    limitAlphabet,
    maxTokenLength,
    byteLevel,
    pattern,
    addPrefixSpace,
    normalizer,
    continuingSubwordPrefix,
    endOfWordSuffix,
  }
}

// told before the work, not after it
function checkOutput(out: string): void {
  const here = statSync(out, { throwIfNoEntry: false })
  if (here?.isDirectory()) throw new UsageError(`--out: ${out} is a folder.`, `Name the file: ${out}/tokenizer.json.`)
  const folder = statSync(dirname(out), { throwIfNoEntry: false })
  if (!folder?.isDirectory()) throw new CommandError(`--out: there is no folder ${dirname(out)}.`, 'Make it first.')
}

interface Summary {
  readonly out: string
  readonly tokens: number
  readonly merges: number
  readonly words: number
  readonly bytes: number
  readonly seconds: number
}

function describe({ out, tokens, merges, words, bytes, seconds }: Summary): string {
  const learned = `${showCount(tokens)} tokens (${showCount(merges)} merges)`
  return `wrote ${out}: ${learned} from ${showBytes(bytes)}, ${showCount(words)} different words, in ${seconds.toFixed(1)} s\n`
}

function whyFewer({ tokens }: Summary, { vocabSize, minFrequency }: TrainOptions): string {
  const rule = minFrequency > 1 ? `no more pairs occur ${minFrequency} times` : 'the text has no more pairs to merge'
  return `${showCount(tokens)} tokens instead of ${showCount(vocabSize)}: ${rule}.`
}

// the first --special replaces the default
function collect(text: string, before: readonly string[]): readonly string[] {
  return before === defaultSpecial ? [text] : [...before, text]
}
