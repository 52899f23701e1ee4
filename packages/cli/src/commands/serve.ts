/** `retnet serve`: a model over HTTP, in the shape of the OpenAI API, until a signal ends it. */
import { basename } from 'node:path'
import { Worker } from 'node:worker_threads'
import { fingerprintOf } from '@retnet/core'
import { type ModelFolder, readFolderTexts } from '@retnet/formats'
import type { RunningServer, ServeOptions, ServedModel } from '@retnet/serve'
import type { Tokenizer } from '@retnet/tokenizer'
import type { Command } from 'commander'
import { CommandError } from '../errors.js'
import { type Io, write } from '../io.js'
import { findModel } from '../model/find-model.js'
import { requireTokenizer } from '../model/open-model.js'
import { addModelOptions } from '../options/model-options.js'
import { wholeNumber } from '../options/numbers.js'
import { someText } from '../options/some-text.js'
import { type EdgeOptions, addEdgeOptions, edgeHelp, readEdgeOptions } from '../serve/edge-options.js'
import { byFlag } from '../serve/option-errors.js'
import { TextThread, type TextThreadData } from '../serve/text-thread.js'
import { openChatEncoder, readChatTexts } from '../text/chat-encoder.js'
import { type Place, type PlaceOptions, addPlaceOptions, placeHelp, withPlace } from '../serve/place.js'
import type { EngineOptions } from '../serve/with-engine.js'
import { codecOf } from '../text/codec.js'

interface CommandOptions extends EngineOptions, EdgeOptions, PlaceOptions {
  readonly host: string
  readonly port: number
  readonly allowHost?: readonly string[]
  readonly name?: string
  readonly queue: number
  readonly maxPromptTokens: number
  readonly maxTokens: number
  readonly grace: number
}

export function addServe(program: Command, io: Io): void {
  const command = addModelOptions(program.command('serve').optionsGroup('Model:'))
    .description('Serve a model over HTTP, in the shape of the OpenAI API.')
    .optionsGroup('Server:')
    .option('--host <address>', 'address to listen on; 0.0.0.0 lets other machines in: set keys first', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 takes a free one', wholeNumber(0, 65_535), 8080)
    .option(
      '--allow-host <name>',
      'a name that requests may call this server by; may be repeated (default: localhost; any where --host is not local)',
      collect,
    )
    .option('--name <name>', 'what requests call the model (default: the name of its folder)', someText)
    .optionsGroup('Texts:')
    .option('--rows <n>', 'texts that are written at once', wholeNumber(1, 4096), 8)
    .option(
      '--chunk-tokens <n>',
      'most tokens of a prompt that are read before others go on (default: by backend)',
      wholeNumber(1),
    )
    .option('--prefix-cache <MiB>', 'memory for beginnings that prompts share; 0: none', wholeNumber(0), 256)
    .option('--queue <n>', 'requests that may wait; more are refused', wholeNumber(0), 256)
    .option('--max-prompt-tokens <n>', 'refuse longer prompts', wholeNumber(1), 1_000_000)
    .option('--max-tokens <n>', 'refuse requests for more tokens', wholeNumber(1), 65_536)
    .option('--grace <seconds>', 'how long running texts may take to end after a signal', wholeNumber(0, 86_400), 30)
  addEdgeOptions(addPlaceOptions(command))
    .addHelpText('after', edgeHelp + placeHelp + examples)
    .action((options: CommandOptions) => runServe(io, options))
}

const examples = `
Snapshots: with RETNET_SNAPSHOT_KEYS=KEY,KEY in the environment their files are signed with the first key, and those
without the signature of any are refused.

Signals: the first (SIGTERM, Ctrl-C) ends it in order: new requests get 503, running ones end. The second ends it at once.

Paths:
  /  /docs  /openapi.json                          a page that writes; all of the API in words; as OpenAPI
  /v1/completions  /v1/chat/completions            texts, as from the OpenAI API
  /v1/sessions  /v1/snapshots  /v1/streams         texts that go on: later, from a place, after a lost connection
  /v1/embeddings  /v1/models  /tokenize  /detokenize
  /livez  /readyz  /metrics  /admin/status         for who runs it

Examples:
  retnet serve
  retnet serve --model ./my-model --name mine --port 9000 --rows 16
  retnet serve --backend webgpu --dtype q4`

async function runServe(io: Io, options: CommandOptions): Promise<void> {
  // first, so that a mistake in it is not told after a large model was loaded
  const edge = await readEdgeOptions(io, options)
  const folder = await findModel(io, options)
  using texts = await openTexts(io, folder)
  const model = await servedModel(io, folder, options, texts)
  await withPlace(io, options, model.id, async (place) => {
    const server = await open(io, { ...edge, ...place }, model, options)
    await write(
      io.stdout,
      options.role === 'worker'
        ? workerGreeting(server.url, model.id)
        : greeting(server.url, model.id, place.stores !== undefined),
    )
    await stop(io)
    io.stderr.write('retnet: shutting down; running texts may end\n')
    await server.close(options.grace * 1000)
  })
}

/** Null where there are no threads: programs that embed the command. */
async function openTexts({ textThread, signal }: Io, folder: ModelFolder): Promise<TextThread | null> {
  const { tokenizerJson } = await readFolderTexts(folder, { signal })
  if (textThread === undefined || tokenizerJson === null) return null
  const workerData: TextThreadData = { tokenizerJson, ...(await readChatTexts(folder)) }
  return TextThread.create(() => new Worker(textThread, { workerData, execArgv: [] }))
}

async function servedModel(
  io: Io,
  folder: ModelFolder,
  options: CommandOptions,
  texts: TextThread | null,
): Promise<ServedModel> {
  const { tokenizerJson, generation } = await readFolderTexts(folder, { signal: io.signal })
  const tokenizer = await requireTokenizer({ tokenizerJson, name: folder.name })
  const { bosToken, eosTokens, temperature, topP, topK, repetitionPenalty } = generation
  return {
    id: options.name ?? basename(folder.name),
    tokenizer: fingerprintOf(tokenizerJson),
    codec: {
      ...codecOf(tokenizer),
      decode: (ids) => tokenizer.decode(ids),
      ...(texts && { encodeAside: async (text) => (await texts.encode({ text }))! }),
    },
    bosToken,
    eosTokens,
    ...(await chatOf(folder, tokenizer, texts)),
    defaults: { temperature, topP, topK, repetitionPenalty },
  }
}

async function chatOf(
  folder: ModelFolder,
  tokenizer: Tokenizer,
  texts: TextThread | null,
): Promise<Pick<ServedModel, 'encodeChat' | 'continueChat'>> {
  if (texts?.hasChat) {
    return {
      encodeChat: async (messages) => (await texts.encode({ messages }))!,
      continueChat: (messages, last) => texts.encode({ messages, last }),
    }
  }
  const chat = texts ? undefined : await openChatEncoder(folder, tokenizer)
  return chat
    ? { encodeChat: (messages) => chat.encode(messages), continueChat: (...both) => chat.proceed(...both) }
    : {}
}

type Given = Place & Partial<ServeOptions>

async function open(io: Io, given: Given, model: ServedModel, options: CommandOptions): Promise<RunningServer> {
  const { serve } = await import('@retnet/serve')
  const { host, port, allowHost, maxPromptTokens, maxTokens, maxConnections, queue } = options
  try {
    return await serve({
      ...given,
      model,
      host,
      port,
      ...(allowHost && { allowedHosts: allowHost }),
      limits: {
        promptTokens: maxPromptTokens,
        maxTokens,
        queue,
        ...(maxConnections && { connections: maxConnections }),
      },
      // one machine reads again what was drawn: that is cheaper than keeping places
      ...(given.stores && options.data === undefined && { checkpointTokens }),
      snapshotKeys: keysOf(io.env.RETNET_SNAPSHOT_KEYS),
    })
  } catch (cause) {
    throw cannotListen(byFlag(cause), host, port)
  }
}

/** Drawn tokens of a text that a worker which takes it over reads again at most. */
const checkpointTokens = 256

function keysOf(text = ''): string[] {
  return text.split(',').flatMap((key) => (key.trim() === '' ? [] : [key.trim()]))
}

const reasons: Readonly<Record<string, readonly [message: string, fix: string]>> = {
  EADDRINUSE: ['the port is in use.', 'Stop what uses it, or give another --port; 0 takes a free one.'],
  EACCES: ['this port needs more rights.', 'Give a --port above 1023.'],
  EADDRNOTAVAIL: ['this machine does not have that address.', 'Give another --host, such as 127.0.0.1.'],
  ENOTFOUND: ['there is no such host name.', 'Give another --host, such as 127.0.0.1.'],
}

function cannotListen(cause: unknown, host: string, port: number): unknown {
  const found = reasons[(cause as NodeJS.ErrnoException).code ?? '']
  if (!found) return cause
  const error = new CommandError(`${host}:${port}: ${found[0]}`, found[1])
  error.cause = cause
  return error
}

function workerGreeting(url: string, id: string): string {
  return `${id}: writing what gateways ask for; how it is: ${url}/readyz and ${url}/metrics\n`
}

function greeting(url: string, id: string, isKept: boolean): string {
  const body = JSON.stringify({ model: id, prompt: 'It was a dark and stormy night', max_tokens: 40 })
  return `${id} at ${url}. Try:

  curl ${url}/v1/completions -H 'content-type: application/json' -d '${body}'

A page that writes: ${url}   The API in words: ${url}/docs${isKept ? '' : '\nSessions are in memory; --data FOLDER keeps them.'}

`
}

/** Resolves when a signal comes. */
function stop(io: Io): Promise<void> {
  return new Promise((resolve) => {
    if (io.signal.aborted) resolve()
    io.signal.addEventListener('abort', () => resolve(), { once: true })
    io.onStop?.(resolve)
  })
}

function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}
