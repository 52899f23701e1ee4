// One hundred ways to treat a server badly, and the test of each. A line names a file and words of the title of its test, or the reason why there
// is none. Where a file has a table of rows, the words are the number of the row.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './workspace.ts'

type Line = readonly [row: number, what: string, file: string | null, words: string]

const bad = 'packages/serve/src/bad-inputs'
const edge = 'packages/serve/src/edge/edge.test.ts'
const observe = 'packages/serve/src/observe/observe.test.ts'
const sessions = 'packages/serve/src/api/sessions/sessions.test.ts'
const snapshots = 'packages/serve/src/api/sessions/snapshot-files.test.ts'
const prefix = 'packages/serve/src/engine/prefix/prefix-reuse.test.ts'
const simulator = 'packages/serve/src/cluster/simulator/simulator.test.ts'
const formats = 'packages/formats/src'

/** Rows whose titles have their number. */
const numbered = (file: string, rows: Readonly<Record<number, string>>): Line[] => {
  return Object.entries(rows).map(([row, what]) => [Number(row), what, file, row])
}

const lines: readonly Line[] = [
  ...numbered(`${bad}/transport.test.ts`, {
    1: 'headers of more than 16 KiB, or without end',
    2: 'thousands of headers',
    3: 'a URL of more than 8 KiB',
    4: 'a length and chunks',
    5: 'two lengths, or one that is none',
    6: 'an endless chunk, a large chunk extension',
    7: 'a million chunks of one byte',
    8: 'a body above the limit',
    9: 'a body that stops',
    10: 'headers one byte at a time',
    11: 'ten thousand idle connections',
    12: 'a compressed body',
    13: 'a content type that is not JSON',
    14: 'an unknown path, a wrong method',
    15: 'tricks with paths',
    16: 'HTTP/1.0, absolute URIs, CONNECT, TRACE',
    17: 'an expectation that nobody can meet',
    18: 'a thousand requests at once on one connection',
    19: 'half-closed and reset connections',
    20: 'a client that never reads',
    21: 'the Host of another',
  }),
  ...numbered(edge, {
    22: 'pages of other origins',
    23: 'a forged X-Forwarded-For',
    77: 'no key, wrong keys, two keys, 1 MB of key',
    78: 'every route without a key',
    79: 'routes of administrators',
    82: 'bursts, and clocks that jump, against rate limits',
  }),
  ...numbered(`${bad}/json.test.ts`, {
    24: 'nothing, or no object',
    25: 'bytes that are no UTF-8',
    26: 'what is not JSON',
    27: 'deep nesting',
    28: 'a key twice',
    29: 'keys that change prototypes',
    30: 'unknown fields',
    31: 'every field of every wrong type',
    32: 'millions of items',
    33: 'numbers at the edges',
    34: 'half surrogates, NUL, marks without end',
  }),
  ...numbered(`${bad}/parameters.test.ts`, {
    35: 'n out of range',
    36: 'best_of',
    37: 'max_tokens out of range, and 0',
    38: 'sampling parameters out of range',
    39: 'a temperature of 0',
    40: 'biases of tokens that are none, all tokens banned',
    41: 'stop strings without end, many or empty',
    42: 'log-probabilities above the cap',
    43: 'an echo of the prompt alone',
    44: 'seeds that are none',
    45: 'stream_options without a stream',
    46: 'a stream of which one choice fails',
    47: 'large user and metadata',
    48: 'knobs of the inside',
    49: 'prompts that are none',
    50: 'token ids that are none',
    51: 'a hundred thousand prompts',
    52: '1 MB of one letter',
    53: 'a prompt at the limit, and beyond',
    55: 'messages that are none',
    56: 'templates of clients',
    58: 'parts with files and URLs',
  }),
  [
    54,
    'special tokens as text',
    'packages/cli/src/commands/serve.test.ts',
    'names of special tokens in a prompt are plain text',
  ],
  [
    57,
    'a template that never ends',
    'packages/cli/src/serve/text-thread.test.ts',
    'never ends costs its request alone',
  ],
  ...numbered(`${bad}/structured.test.ts`, {
    59: 'formats without a schema',
    60: 'schemas without end',
    61: 'patterns that blow up',
  }),
  [
    62,
    'a hundred thousand schemas',
    'packages/serve/src/grammar/grammar.test.ts',
    'grammars are kept while their bytes fit',
  ],
  [
    63,
    'a grammar without a next token',
    'packages/serve/src/api/app.test.ts',
    'a format that the model has no tokens for ends its texts',
  ],
  [64, 'sessions that are not there', sessions, 'that is unknown, deleted, expired or of another tenant is the same'],
  [65, 'ids that are none', sessions, 'cannot be asked for under what is no id'],
  [66, 'two turns of one session', sessions, 'has one next text'],
  [67, 'a stale revision', sessions, 'rev_conflict'],
  [68, 'files of sessions that lie', snapshots, 'that is damaged, lies or belongs to others is refused'],
  [69, 'states that are not finite', snapshots, 'state_not_finite'],
  [70, 'wrong signatures', snapshots, 'is signed, and checked, where the server has keys'],
  [71, 'a million forks', sessions, 'a tenant has its quota, and what it deletes makes room'],
  [
    72,
    'a store that is down, slow, full or lies',
    'packages/serve/src/stores/disk/disk-states.test.ts',
    'is damaged, never an object',
  ],
  [73, 'another version of the weights', snapshots, 'of other weights is told the version that it needs'],
  [74, 'deleting in the midst of a turn', sessions, 'is deleted in the midst of its turn'],
  [75, 'a slow reader of a large file', snapshots, 'a slow one is given up'],
  [76, 'a row that is used again', 'packages/serve/src/engine/engine.test.ts', 'its row is as new afterwards'],
  [80, 'the time of a prefix of another tenant', prefix, 'no salt shares nothing, and one salt nothing with another'],
  [81, 'evicting what another tenant keeps', prefix, 'a flood of one salt pushes out its own'],
  [83, 'a full queue', `${bad}/load.test.ts`, 'row 83'],
  ...numbered(observe, {
    84: 'line ends and escape sequences in logs',
    85: 'secrets and texts in logs, metrics, errors',
    86: 'labels that a request chooses',
  }),
  [
    87,
    'damaged safetensors',
    `${formats}/safetensors/bad-files.test.ts`,
    'answers 3,000 random changes of a good file',
  ],
  [88, 'damaged GGUF', null, 'no package reads GGUF'],
  [89, 'damaged tokenizers', 'packages/tokenizer/src/read-tokenizer-json.test.ts', 'refuses %s and says where'],
  [90, 'impossible configurations', `${formats}/families/families.test.ts`, 'is refused with the field'],
  [91, 'pickles', `${formats}/hub/open-hub-model.test.ts`, 'refuses a repository that has only pickles'],
  [
    92,
    'links, pipes, devices, files that change',
    `${formats}/sources/sources.test.ts`,
    'refuses a folder, a device and a pipe without waiting',
  ],
  [93, 'shards outside of the folder', `${formats}/folders/folders.test.ts`, 'refuses the shard path'],
  [
    94,
    'the end of the server with 50 streams',
    'packages/serve/src/server.test.ts',
    'lets fifty running streams end before it closes',
  ],
  [95, 'the end of a worker in the midst of a stream', simulator, 'many processes are killed, stopped, and delayed'],
  [96, 'a worker that comes back late', 'packages/serve/src/turns/turns.test.ts', 'which writes nothing more'],
  [
    97,
    'faults of Redis',
    'packages/serve/src/stores/redis/redis-faults.test.ts',
    'a server that is killed and comes back has lost nothing',
  ],
  [98, 'a lost GPU', 'packages/webgpu/src/browser.test.ts', 'a session goes on from its snapshot'],
  [99, 'a full disk', 'packages/serve/src/stores/local-stores.test.ts', 'a full database changes nothing'],
  [100, 'clocks that jump', simulator, 'and clocks jump, at random'],
]

test('all hundred rows are here, each once', () => {
  expect(lines.map(([row]) => row).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1))
})

test.each(lines.filter(([, , file]) => file !== null))('row %i, %s, has its test', (row, _what, file, words) => {
  const text = readFileSync(join(root, file!), 'utf8')
  const isNumber = words === `${row}`
  const found = isNumber ? new RegExp(`\\brow ${row}\\b|\\[\\s*${row},|\\(${row}, `).test(text) : text.includes(words)
  expect(found, `${file} has no test with ${isNumber ? `row ${row}` : words}: name the one that has`).toBe(true)
})

test.each(lines.filter(([, , file]) => file === null))(
  'row %i, %s, has no test: %s%s',
  (_row, _what, _file, reason) => {
    expect(reason.length).toBeGreaterThan(20)
  },
)
