/** Other tokenizer libraries, for comparison: those that are installed in the working directory. */
import { createRequire } from 'node:module'
import { join } from 'node:path'

export interface TextEngine {
  readonly name: string
  /** Its ids must be ours. */
  readonly sameVocabulary: boolean
  encode(text: string): ArrayLike<number>
  decode(ids: ArrayLike<number>): string
}

interface HuggingFace {
  readonly Tokenizer: new (
    json: object,
    config: object,
  ) => {
    encode(text: string, options: object): { readonly ids: number[] }
    decode(ids: ArrayLike<number>, options: object): string
  }
}

interface GptTokenizer {
  encode(text: string, options: { readonly allowedSpecial: 'all' }): number[]
  decode(ids: ArrayLike<number>): string
}

export async function loadPeers(json: string): Promise<{ engines: TextEngine[]; missing: string[] }> {
  const require = createRequire(join(process.cwd(), 'retnet.js'))
  const engines: TextEngine[] = []
  const missing: string[] = []
  for (const [name, path, create] of peers(json)) {
    try {
      engines.push(create(require(path)))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
      missing.push(name)
    }
  }
  return { engines, missing }
}

function peers(json: string): (readonly [name: string, path: string, create: (library: unknown) => TextEngine])[] {
  return [
    ['@huggingface/tokenizers', '@huggingface/tokenizers', (library) => huggingFace(library as HuggingFace, json)],
    ['gpt-tokenizer', 'gpt-tokenizer/encoding/r50k_base', (library) => gptTokenizer(library as GptTokenizer)],
  ]
}

function huggingFace({ Tokenizer }: HuggingFace, json: string): TextEngine {
  const tokenizer = new Tokenizer(JSON.parse(json) as object, {})
  return {
    name: '@huggingface/tokenizers',
    sameVocabulary: true,
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    // it throws for no ids
    decode: (ids) => (ids.length === 0 ? '' : tokenizer.decode(ids, { clean_up_tokenization_spaces: false })),
  }
}

function gptTokenizer(library: GptTokenizer): TextEngine {
  return {
    name: 'gpt-tokenizer (r50k)',
    sameVocabulary: false,
    // it throws for the text of a special token otherwise
    encode: (text) => library.encode(text, { allowedSpecial: 'all' }),
    decode: (ids) => library.decode(ids),
  }
}
