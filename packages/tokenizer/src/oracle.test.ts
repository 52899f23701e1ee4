import { describe, expect, it } from 'vitest'

import { TokenizerError } from './errors.js'
import { oracleMissing, readOracle, readSharedTokenizer } from './testing/files.js'
import { Tokenizer } from './tokenizer.js'

type Row = [ids: number[], decoded: string, skipped: string]

describe.skipIf(oracleMissing)(`7,047 texts against the Rust tokenizers ${oracleMissing}`, () => {
  it.each(['gpt2', 'phi-2', 'roberta-base', 'cohere', 'whisper.tiny', 'phi-3', 'bert-base-uncased', 't5-small'])(
    '%s has no mismatch',
    async (name) => {
      const tokenizer = await Tokenizer.load(readSharedTokenizer(name))
      const rows = readOracle(name) as Row[]
      const texts = (readOracle('cases') as [string, string][]).map(([, text]) => text)
      expect(rows).toHaveLength(7047)
      const wrong = rows.flatMap(([ids, decoded, skipped], i) => {
        const got = tokenizer.encode(texts[i], { addSpecialTokens: true })
        const stream = tokenizer.createDecodeStream()
        const exact =
          got.join() === ids.join() &&
          tokenizer.decode(ids) === decoded &&
          tokenizer.decode(ids, { skipSpecialTokens: true }) === skipped &&
          ids.map((id) => stream.push(id)).join('') + stream.flush() === decoded
        return exact ? [] : [texts[i]]
      })
      expect(wrong).toEqual([])
    },
  )

  it.each(['rejected-llama2', 'rejected-added-tokens'])('%s is refused', async (name) => {
    await expect(Tokenizer.load(readSharedTokenizer(name))).rejects.toThrow(TokenizerError)
  })
})
