// Text to ids and back. A decode stream never gives half a character, however its bytes fall on tokens.
import { readFile } from 'node:fs/promises'
import { Tokenizer } from '@retnet/tokenizer'

const tokenizer = await Tokenizer.load(await readFile('models/novels-7m/tokenizer.json', 'utf8'))

const text = 'The café was closed ☕'
const ids = tokenizer.encode(text)
console.log(Array.from(ids, (id) => tokenizer.idToToken(id)).join(' '))

const stream = tokenizer.createDecodeStream()
const pieces = Array.from(ids, (id) => stream.push(id))
console.log(pieces.map((piece) => JSON.stringify(piece)).join(' '))
console.log(pieces.join('') + stream.flush() === text ? 'the same text' : 'another text')

// text from outside cannot pretend to be a special token
console.log(
  tokenizer.encode('<|endoftext|>').length,
  tokenizer.encode('<|endoftext|>', { parseSpecialTokens: false }).length,
)
