// What a page downloads for a kind of tokenizer: the entry and the parts that Tokenizer.load fetches for such a file. The files here
// have the steps of well-known ones and hardly any tokens.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from './workspace.ts'

/** Ceiling in gzipped bytes for every kind. */
const MOST_BYTES = 15_000

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true }
const replace = { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
const sequence = (list: string, steps: readonly object[]): object => ({ type: 'Sequence', [list]: steps })
const numbers =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

const bpe = { type: 'BPE', vocab: { a: 0 }, merges: [] }
const kinds: [string, object][] = [
  ['GPT-2', { pre_tokenizer: byteLevel, decoder: byteLevel, model: bpe }],
  [
    'Llama 3',
    {
      pre_tokenizer: sequence('pretokenizers', [
        { type: 'Split', pattern: { Regex: numbers }, behavior: 'Isolated', invert: false },
        { ...byteLevel, use_regex: false },
      ]),
      decoder: byteLevel,
      model: bpe,
    },
  ],
  [
    'Llama 2',
    {
      normalizer: sequence('normalizers', [{ type: 'Prepend', prepend: '▁' }, replace]),
      decoder: sequence('decoders', [
        { ...replace, pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ]),
      model: { ...bpe, byte_fallback: true },
    },
  ],
  [
    'T5',
    {
      normalizer: { type: 'Precompiled', precompiled_charsmap: 'BAAAAAAAAAA=' },
      pre_tokenizer: sequence('pretokenizers', [{ type: 'WhitespaceSplit' }, metaspace]),
      decoder: metaspace,
      model: { type: 'Unigram', unk_id: 0, vocab: [['a', 0]] },
    },
  ],
  [
    'BERT',
    {
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      model: { type: 'WordPiece', unk_token: 'a', vocab: { a: 0 } },
    },
  ],
]

let folder: string
const bytes = new Map<string, number>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retnet-size-'))
  const { outputFiles } = await build({
    entryPoints: { entry: join(root, 'packages/tokenizer/dist/index.js') },
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
  })
  for (const { path, text, contents } of outputFiles) {
    bytes.set(basename(path), gzipSync(contents, { level: 9 }).length)
    await writeFile(path, `${text};console.log(${JSON.stringify(basename(path))})`)
  }
  await writeFile(
    join(folder, 'page.mjs'),
    "import { Tokenizer } from './entry.mjs'; (await Tokenizer.load(process.argv[2])).encode('a')",
  )
})

afterAll(() => rm(folder, { recursive: true }))

// a process for each: a module is loaded once in a process
test.each(kinds)('a page with a tokenizer like that of %s downloads less than the ceiling', async (_, parts) => {
  const file = JSON.stringify({ version: '1.0', added_tokens: [], ...parts })
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'page.mjs'), file])
  const fetched = stdout.trim().split('\n')
  const total = fetched.reduce((sum, name) => sum + bytes.get(name)!, 0)
  const listed = fetched.map((name) => `${name} ${bytes.get(name)}`).join(', ')
  expect(total, listed).toBeLessThanOrEqual(MOST_BYTES)
})
