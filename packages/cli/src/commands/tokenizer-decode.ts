/** `retnet tokenizer decode`: token ids to text. */
import type { Command } from 'commander'
import { CommandError } from '../errors.js'
import { type Io, write, writeJson } from '../io.js'
import { addTokenizerName, openTokenizer, type TokenizerOptions } from '../model/open-tokenizer.js'
import { readText } from '../text/read-text.js'

interface DecodeOptions extends TokenizerOptions {
  readonly skipSpecialTokens?: boolean
  readonly json?: boolean
}

export function addTokenizerDecode(group: Command, io: Io): void {
  addTokenizerName(group.command('decode'))
    .argument('[ids...]', 'token ids, with spaces or commas between (default: from stdin)')
    .description('Turn token ids into text. No new line is added at its end.')
    .option('--skip-special-tokens', 'leave out <|endoftext|> and the like')
    .option('--json', 'print one JSON object with the text')
    .addHelpText('after', examples)
    .action((ids: string[], options: DecodeOptions) => runDecode(io, ids, options))
}

const examples = `
Examples:
  retnet tokenizer decode 1026 289 261
  retnet tokenizer encode novel.txt | retnet tokenizer decode > same.txt`

async function runDecode(io: Io, given: readonly string[], options: DecodeOptions): Promise<void> {
  const tokenizer = await openTokenizer(io, options)
  const list = given.length > 0 ? given.join(' ') : await readText(io, '-')
  const { skipSpecialTokens = false } = options
  const text = tokenizer.decode(parseIds(list), { skipSpecialTokens })
  await (options.json ? writeJson(io, { text }) : write(io.stdout, text))
}

// brackets too, so that what --json of encode or Python prints can be pasted
function parseIds(list: string): number[] {
  const words = list.split(/[\s,[\]]+/).filter((word) => word !== '')
  const wrong = words.find((word) => !/^\d{1,10}$/.test(word))
  if (wrong === undefined) return words.map(Number)
  throw new CommandError(
    `expected token ids, got ${JSON.stringify(wrong.slice(0, 40))}.`,
    'Ids are whole numbers with spaces or commas between them; for text to ids there is `retnet tokenizer encode`.',
  )
}
