/** `retnet tokenizer`: the group of the commands that need no model, only its tokenizer. */
import type { Command } from 'commander'
import type { Io } from '../io.js'
import { addTokenizerBench } from './tokenizer-bench.js'
import { addTokenizerDecode } from './tokenizer-decode.js'
import { addTokenizerEncode } from './tokenizer-encode.js'
import { addTokenizerTrain } from './tokenizer-train.js'

export function addTokenizer(program: Command, io: Io): void {
  const group = program.command('tokenizer').description('Train a tokenizer; turn text into token ids and back.')
  for (const add of [addTokenizerTrain, addTokenizerEncode, addTokenizerDecode, addTokenizerBench]) add(group, io)
}
