/** `retnet serve`: a model over HTTP, in the shape of the OpenAI API, until a signal ends it. */
import { basename } from 'node:path'
import { Worker } from 'node:worker_threads'
import { fingerprintOf } from '@retnet/core'
import { type ModelFolder, readFolderTexts } from '@retnet/formats'
import type { RunningServer, ServedModel } from '@retnet/serve'
import type { Tokenizer } from '@retnet/tokenizer'
import type { Command } from 'commander'
import { CommandError } from '../errors.js'
import { type Io, write } from '../io.js'
import { findModel } from '../model/find-model.js'
import { requireTokenizer } from '../model/open-model.js'
import { addModelOptions } from '../options/model-options.js'
import { wholeNumber } from '../options/numbers.js'
import { type EdgeOptions, addEdgeOptions, edgeHelp, readEdgeOptions } from '../serve/edge-options.js'
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
    .option('--host <address>', 'where to listen; 0.0.0.0 lets other machines in: set keys first', '127.0.0.1')
    .option('--port <n>', 'where to listen; 0 takes a free port', wholeNumber(0, 65_535), 8080)
    .option(
      '--allow-host <name>',
      'a Host that requests may name; may be repeated (default: loopback names, or all)',
      collect,
    )
    .option('--name <name>', 'what requests call the model (default: the name of its folder)')
    .optionsGroup('Texts:')
    .option('--rows <n>', 'texts that are written at once', wholeNumber(1, 4096), 8)
    .option(
      '--chunk-tokens <n>',
      'tokens of a prompt that go in between two steps (default: by backend)',
      wholeNumber(1),
    )
    .option('--prefix-cache <MiB>', 'memory for the beginnings that prompts share; 0: none', wholeNumber(0), 256)
    .option('--queue <n>', 'requests that may wait to be begun', wholeNumber(0), 256)
    .option('--max-prompt-tokens <n>', 'refuse longer prompts', wholeNumber(1), 1_000_000)
    .option('--max-tokens <n>', 'refuse requests for more tokens', wholeNumber(1), 65_536)
    .option('--grace <seconds>', 'after a signal: how long running texts may take to end', wholeNumber(0, 86_400), 30)
  addEdgeOptions(addPlaceOptions(command))
    .addHelpText('after', edgeHelp + placeHelp + examples)
    .action((options: CommandOptions) => runServe(io, options))
}

const examples = `
The first signal (SIGTERM, Ctrl-C) ends it in order: new requests get 503, running ones end. The second ends it at once.

RETNET_SNAPSHOT_KEYS=KEY,KEY in the environment: files of snapshots are signed with the first key, and taken in with a signature alone.

Paths: / (a page that writes) /docs /openapi.json /v1/completions /v1/chat/completions /v1/embeddings /v1/sessions /v1/snapshots
       /v1/streams /v1/models /tokenize /detokenize
       /livez /readyz /metrics /admin/status

Examples:
  retnet serve
  retnet serve --model ./my-model --name mine --port 9000 --rows 16
  retnet serve --backend webgpu --dtype q4`

async function runServe(io: Io, options: CommandOptions): Promise<void> {
  const folder = await findModel(io, options)
  using texts = await openTexts(io, folder)
  const model = await servedModel(io, folder, options, texts)
  await withPlace(io, options, model.id, async (place) => {
    const server = await open(io, place, model, options)
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

async function open(io: Io, place: Place, model: ServedModel, options: CommandOptions): Promise<RunningServer> {
  const { serve } = await import('@retnet/serve')
  const { host, port, allowHost, maxPromptTokens, maxTokens, maxConnections, queue } = options
  try {
    return await serve({
      ...place,
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
      ...(place.stores && options.data === undefined && { checkpointTokens }),
      snapshotKeys: keysOf(io.env.RETNET_SNAPSHOT_KEYS),
      ...(await readEdgeOptions(io, options)),
    })
  } catch (cause) {
    throw cannotListen(cause, host, port)
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
