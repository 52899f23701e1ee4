/** `retnet tokenizer encode`: text to token ids. */
import type { Command } from 'commander'
import { UsageError } from '../errors.js'
import { type Io, write, writeJson } from '../io.js'
import { addTokenizerName, openTokenizer, type TokenizerOptions } from '../model/open-tokenizer.js'
import { readText } from '../text/read-text.js'

interface EncodeOptions extends TokenizerOptions {
  readonly text?: string
  readonly addSpecialTokens?: boolean
  readonly parseSpecial: boolean
  readonly tokens?: boolean
  readonly count?: boolean
  readonly json?: boolean
}

export function addTokenizerEncode(group: Command, io: Io): void {
  addTokenizerName(group.command('encode'))
    .argument('[file]', 'text in UTF-8 (default: stdin)')
    .description('Turn text into token ids, on one line with spaces between.')
    .option('--text <text>', 'this text instead of a file')
    .option('--add-special-tokens', 'put the tokens that the tokenizer wants around the text')
    .option('--no-parse-special', 'read <|endoftext|> and the like as plain text')
    .option('--tokens', 'one token a line: its id and its text as the vocabulary writes it')
    .option('--count', 'only the number of tokens')
    .option('--json', 'print one JSON object with ids and tokens')
    .addHelpText('after', examples)
    .action((file: string | undefined, options: EncodeOptions) => runEncode(io, file, options))
}

const examples = `
Examples:
  retnet tokenizer encode --text "It was a dark and stormy night"
  retnet tokenizer encode novel.txt --count
  retnet tokenizer encode --tokenizer ./my-tokenizer.json --tokens < text.txt`

async function runEncode(io: Io, file: string | undefined, options: EncodeOptions): Promise<void> {
  if (file !== undefined && options.text !== undefined) {
    throw new UsageError(`--text: there is a file too, ${file}.`, 'Give one of them.')
  }
  if ([options.tokens, options.count, options.json].filter(Boolean).length > 1) {
    throw new UsageError('--tokens, --count and --json: expected one of them at most.', 'Leave the others out.')
  }
  const tokenizer = await openTokenizer(io, options)
  const text = options.text ?? (await readText(io, file ?? '-'))
  const { addSpecialTokens = false, parseSpecial: parseSpecialTokens } = options
  const ids = Array.from(tokenizer.encode(text, { addSpecialTokens, parseSpecialTokens }))
  if (options.count) return write(io.stdout, `${ids.length}\n`)
  if (options.json) return writeJson(io, { ids, tokens: ids.map((id) => tokenizer.idToToken(id)) })
  if (options.tokens) return write(io.stdout, ids.map((id) => `${id}\t${tokenizer.idToToken(id)}\n`).join(''))
  await write(io.stdout, `${ids.join(' ')}\n`)
}
