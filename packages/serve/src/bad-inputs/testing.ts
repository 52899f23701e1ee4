/**
 * A server that is treated badly. While each test runs, another client reads a long text; afterwards that text must be what it would have
 * been, the next good request must succeed, and nothing may be left running. Over all tests of a file the event loop must not be late,
 * and the memory must come back.
 */
import { connect } from 'node:net'
import { availableParallelism, loadavg } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { generate } from '@retnet/generate'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { Engine } from '../engine/engine.js'
import { type RunningServer, type ServeOptions, serve } from '../server.js'
import { codec, served, testModel } from '../testing.js'

const resolutionMs = 10
const maxLagMs = 100
const slackBytes = 16 * 1024 * 1024
const good = { prompt: 'hello', max_tokens: 4, seed: 1 }
const other = { prompt: 'once upon a time', max_tokens: 60, seed: 9, stream: true }
const json = { 'content-type': 'application/json' }

export class Victim {
  server!: RunningServer
  engine!: Engine
  readonly unforeseen: unknown[] = []
  #goodText = ''
  #otherText = ''
  #reading: Promise<string> | null = null
  #delay!: ReturnType<typeof monitorEventLoopDelay>
  #bytes = 0

  async open(options: Partial<ServeOptions>, rows: number): Promise<void> {
    const model = await testModel()
    this.#goodText = (await generate(model, good.prompt, { codec, maxTokens: 4, seed: 1 }).result).text
    this.#otherText = (await generate(model, other.prompt, { codec, maxTokens: 60, seed: 9 }).result).text
    this.engine = await Engine.create(model, { rows })
    const onError = (error: unknown) => void this.unforeseen.push(error)
    this.server = await serve({ engine: this.engine, model: served, port: 0, onError, ...options })
    await this.expectGood()
    this.#bytes = usedBytes()
    this.#delay = monitorEventLoopDelay({ resolution: resolutionMs })
    this.#delay.enable()
  }

  beginOther(): void {
    this.#reading = this.post('/v1/completions', other).then((response) => response.text())
  }

  async expectUnharmed(): Promise<void> {
    const events = (await this.#reading!).split('\n').filter((line) => line.startsWith('data: {'))
    const texts = events.map((line) => (JSON.parse(line.slice(6)) as Chunk).choices[0].text)
    expect(texts.join('')).toBe(this.#otherText)
    await this.expectGood()
    expect((await fetch(`${this.server.url}/readyz`)).status).toBe(200)
    await expect.poll(() => this.engine.status).toMatchObject({ running: 0, waiting: 0 })
    expect(this.unforeseen).toEqual([])
  }

  async expectGood(): Promise<void> {
    const response = await this.post('/v1/completions', good)
    expect(response.status).toBe(200)
    expect(((await response.json()) as Chunk).choices[0].text).toBe(this.#goodText)
  }

  async close(): Promise<void> {
    const lagMs = this.#delay.percentile(99) / 1e6 - resolutionMs
    this.#delay.disable()
    // a machine that has more to do than it can is late in any case
    const busy = Math.max(1, loadavg()[0] / availableParallelism())
    expect(lagMs, 'milliseconds that the event loop was late, p99').toBeLessThan(maxLagMs * busy)
    const most = this.#bytes * 1.1 + slackBytes
    // what has been closed may take a moment to be let go
    const until = performance.now() + 5000
    for (let used = usedBytes(); used > most && performance.now() < until; used = usedBytes()) {
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(usedBytes(), 'bytes in use at the end').toBeLessThan(most)
    await this.server.close(0)
    this.engine.dispose()
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
    const init = { method: 'POST', body: raw as BodyInit, headers: { ...json, ...headers } }
    return fetch(`${this.server.url}${path}`, init)
  }

  /** Sends bytes and gives what comes back until the connection is closed. */
  raw(...parts: readonly string[]): Promise<Answer> {
    return new Promise((resolve) => {
      let text = ''
      const socket = connect(this.server.port, '127.0.0.1', () => {
        for (const part of parts) socket.write(part)
      })
      socket.setEncoding('utf8')
      socket.on('data', (more) => (text += more))
      socket.on('close', () => resolve(answerOf(text)))
      socket.on('error', () => {})
    })
  }
}

export interface Answer {
  readonly text: string
  readonly status: number
  readonly code: string | null
}

interface Chunk {
  readonly choices: readonly { readonly text: string }[]
}

export function answerOf(text: string): Answer {
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)
  return { text, status, code: /"code":"(\w+)"/.exec(text)?.[1] ?? null }
}

/** The head of a request that closes its connection. */
export function head(line: string, ...headers: readonly string[]): string {
  return [`${line} HTTP/1.1`, 'host: localhost', 'connection: close', ...headers, '', ''].join('\r\n')
}

/** A server for all tests of a file, looked after as the head of this file says. */
export function useVictim(options: Partial<ServeOptions> = {}, rows = 4): Victim {
  const victim = new Victim()
  beforeAll(() => victim.open(options, rows))
  beforeEach(() => victim.beginOther())
  afterEach(() => victim.expectUnharmed())
  afterAll(() => victim.close())
  return victim
}

let collect: (() => void) | null = null

function usedBytes(): number {
  if (collect === null) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
