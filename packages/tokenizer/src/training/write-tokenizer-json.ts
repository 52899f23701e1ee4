/** The `tokenizer.json` of a trained vocabulary, byte for byte as Hugging Face's library saves it. */
import { LLAMA3_PATTERN, QWEN2_PATTERN } from './split-patterns.js'
import type { Merge } from './learn-merges.js'
import type { CheckedOptions } from './options.js'

/** Merges are pairs of ids. */
export function writeTokenizerJson(
  tokens: readonly string[],
  merges: readonly Merge[],
  options: CheckedOptions,
): string {
  const { continuingSubwordPrefix: prefix, endOfWordSuffix: suffix } = options
  const added = options.specialTokens.filter((token, index, all) => all.indexOf(token) === index)
  const file = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: options.normalizer === null ? null : { type: options.normalizer },
    pre_tokenizer: preTokenizer(options),
    post_processor: null,
    decoder: decoder(options),
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: prefix === '' ? null : prefix,
      end_of_word_suffix: suffix === '' ? null : suffix,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: null,
      merges: merges.map(([left, right]) => [tokens[left], tokens[right]]),
    },
  }
  // an object would move the tokens that look like numbers to the front
  const vocab = tokens.map((token, id) => `      ${JSON.stringify(token)}: ${id}`).join(',\n')
  const [before, after] = JSON.stringify(file, null, 2).split('"vocab": null')
  return `${before}"vocab": {\n${vocab}\n    }${after}`
}

function preTokenizer({ byteLevel, pattern, addPrefixSpace }: CheckedOptions): object {
  if (!byteLevel) return { type: 'Whitespace' }
  const bytes = {
    type: 'ByteLevel',
    add_prefix_space: addPrefixSpace,
    trim_offsets: true,
    use_regex: pattern === 'gpt2',
  }
  if (pattern === 'gpt2') return bytes
  const regex = pattern === 'llama3' ? LLAMA3_PATTERN : QWEN2_PATTERN
  const split = { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false }
  return { type: 'Sequence', pretokenizers: [split, bytes] }
}

function decoder({
  byteLevel,
  continuingSubwordPrefix: prefix,
  endOfWordSuffix: suffix,
}: CheckedOptions): object | null {
  if (byteLevel) return { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true }
  if (suffix !== '') return { type: 'BPEDecoder', suffix }
  return prefix === '' ? null : { type: 'WordPiece', prefix, cleanup: false }
}
