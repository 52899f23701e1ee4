// What a server tells of its requests: metrics, logs, spans, and that no text of a request is in them.
import { connect } from 'node:net'
import * as api from '@opentelemetry/api'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Engine } from '../engine/engine.js'
import { type RunningServer, serve } from '../server.js'
import { served, testModel } from '../testing.js'
import { createLogger } from './logger.js'
import { logFailure } from './request-log.js'
import { RequestRecord } from './request-record.js'
import { createTracing } from './tracing.js'

const key = 'a-secret-key-of-one'
const apiKeys = [key]
const prompt = 'a secret prompt'
const lines: string[] = []
let engine: Engine
let server: RunningServer

beforeAll(async () => {
  engine = await Engine.create(await testModel(), { rows: 2 })
  const logger = createLogger({ level: 'info', write: (line) => lines.push(line) })
  server = await serve({ engine, model: served, port: 0, logger, apiKeys, timeouts: { totalMs: 400 } })
})
beforeEach(() => lines.splice(0))
afterAll(async () => {
  await server.close(0)
  engine.dispose()
})

const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }

async function ask(more: object, extra: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify({ prompt, max_tokens: 5, seed: 1, ...more })
  return fetch(`${server.url}/v1/completions`, { method: 'POST', body, headers: { ...headers, ...extra } })
}

async function metrics(): Promise<string> {
  return (await fetch(`${server.url}/metrics`, { headers })).text()
}

const valueOf = (text: string, name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])

async function logged(): Promise<Record<string, unknown>> {
  await expect.poll(() => lines.length).toBeGreaterThan(0)
  return JSON.parse(lines.shift()!) as Record<string, unknown>
}

describe('metrics', () => {
  test('count requests and tokens under the names of vLLM', async () => {
    await (await ask({ n: 2 })).json()
    await (await ask({ stream: true })).text()
    await ask({ n: 99 })
    await expect.poll(async () => valueOf(await metrics(), 'vllm:prompt_tokens_total{model_name="tiny"}')).toBe(30)
    const text = await metrics()
    expect(text).toContain('# TYPE vllm:time_per_output_token_seconds histogram')
    for (const [name, value] of Object.entries({
      'vllm:generation_tokens_total{model_name="tiny"}': 15,
      'vllm:request_success_total{finished_reason="length",model_name="tiny"}': 3,
      'vllm:request_success_total{finished_reason="abort",model_name="tiny"}': 0,
      'vllm:time_to_first_token_seconds_count{model_name="tiny"}': 2,
      'vllm:inter_token_latency_seconds_count{model_name="tiny"}': 12,
      'vllm:time_per_output_token_seconds_count{model_name="tiny"}': 12,
      'vllm:e2e_request_latency_seconds_count{model_name="tiny"}': 2,
      'vllm:request_queue_time_seconds_count{model_name="tiny"}': 2,
      'vllm:num_requests_running{model_name="tiny"}': 0,
      'retnet_batch_rows_sum{model_name="tiny"}': expect.any(Number),
      'retnet_rows_total{model_name="tiny"}': 2,
      'retnet_http_requests_total{route="/v1/completions",status="400",model_name="tiny"}': 1,
    })) {
      expect([name, valueOf(text, name.replace(/[{}]/g, '\\$&'))]).toEqual([name, value])
    }
    expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(1e7)
    expect(valueOf(text, 'retnet_eventloop_lag_seconds\\{quantile="0.99"\\}')).toBeLessThan(5)
  })

  test('count the states of sessions, what they saved, and those that are refused', async () => {
    const post = (path: string, body: string | Uint8Array<ArrayBuffer>, type = 'application/json') => {
      return fetch(server.url + path, { method: 'POST', body, headers: { ...headers, 'content-type': type } })
    }
    const { id } = (await (await post('/v1/sessions', JSON.stringify({ prompt: 'hello' }))).json()) as { id: string }
    await (await ask({ session: id, prompt: 'again' })).json()
    await post('/v1/snapshots', Uint8Array.of(1, 2, 3), 'application/octet-stream')
    const counts = {
      'checkpoint_seconds_count{model_name="tiny",kind="session"}': 2,
      'state_load_seconds_count{model_name="tiny"}': 1,
      'state_reject_total{reason="state_incompatible",model_name="tiny"}': 1,
    }
    for (const [name, count] of Object.entries(counts)) {
      const value = async () => valueOf(await metrics(), `retnet_${name}`.replace(/[{}]/g, '\\$&'))
      await expect.poll(value).toBe(count)
    }
    const reused = /^retnet_state_reuse_tokens_total\{reason="session".* (\d+)$/m.exec(await metrics())
    expect(Number(reused?.[1])).toBeGreaterThanOrEqual(4)
  })

  test('row 86: have no labels that a request chooses', async () => {
    const names = async () => (await metrics()).split('\n').map((line) => line.split(' ')[0])
    await fetch(`${server.url}/no-such-path-0`, { headers })
    await ask({ model: 'evil-0' })
    await expect.poll(names).toContainEqual(expect.stringContaining('route="none"'))
    const before = new Set(await names())
    for (let at = 1; at < 20; at++) {
      await ask({ model: `evil-${at}` })
      await fetch(`${server.url}/no-such-path-${at}?x=${at}`, { headers })
      await fetch(`${server.url}/v1/models/evil-${at}`, { headers })
    }
    const added = (await names()).filter((name) => !before.has(name))
    expect(added.length).toBeLessThanOrEqual(1)
    expect((await metrics()).includes('evil')).toBe(false)
  })

  test('forget nothing when a client goes', async () => {
    const abort = new AbortController()
    const body = JSON.stringify({ prompt, max_tokens: 65_536, stream: true })
    const options = { method: 'POST', body, headers, signal: abort.signal }
    const response = await fetch(`${server.url}/v1/completions`, options)
    await response.body!.getReader().read()
    abort.abort()
    const aborted = 'vllm:request_success_total\\{finished_reason="abort",model_name="tiny"\\}'
    await expect.poll(async () => valueOf(await metrics(), aborted)).toBe(1)
  })

  test('take the time between tokens within each text', () => {
    const seen: number[] = []
    const meter = {
      token: () => {},
      firstToken: (value: number) => seen.push(value),
      nextToken: (value: number) => seen.push(value),
    }
    const record = new RequestRecord('x', 'POST', meter)
    for (const text of [0, 1, 0, 1, 1]) record.token(text)
    expect(seen).toHaveLength(1 + 3)
  })
})

describe('logs', () => {
  test('have one line a request, with what it took and what it gave', async () => {
    const response = await ask({ stream: true }, { 'x-request-id': 'mine:1' })
    expect(response.headers.get('x-request-id')).toBe('mine:1')
    await response.text()
    expect(await logged()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      request_id: 'mine:1',
      method: 'POST',
      route: '/v1/completions',
      status: 200,
      tenant: 'default',
      key: 'key-1',
      total_ms: expect.any(Number),
      model: 'tiny',
      stream: true,
      queue_ms: expect.any(Number),
      ttft_ms: expect.any(Number),
      prompt_tokens: prompt.length,
      cached_tokens: 0,
      completion_tokens: 5,
      finish_reasons: ['length'],
      msg: 'request',
    })
    await ask({ n: 99 })
    expect(await logged()).toMatchObject({ status: 400, error: 'n_out_of_range' })
    await ask({ max_tokens: 0, n: 2 })
    expect(await logged()).toMatchObject({ status: 200, finish_reasons: ['length', 'length'] })
    await ask({ max_tokens: 65_536 })
    expect(await logged()).toMatchObject({ status: 504, error: 'total_timeout', finish_reasons: ['error'] })
  })

  test('row 84: no field of a request can begin a line or move a cursor', async () => {
    const evil = 'x\r\n{"level":"info"}\u001B[31m\u009B1m\u2028'
    const written = encodeURIComponent(evil)
    await ask({ model: evil, user: evil })
    await ask({ [evil]: 1 })
    await ask({}, { 'x-request-id': written })
    await fetch(`${server.url}/${written}`, { headers: { ...headers, 'user-agent': written, origin: written } })
    await raw(`GET /\u001B[31m HTTP/1.1\r\nhost: localhost\r\nx-request-id: a\u001B[31mb\r\nconnection: close\r\n\r\n`)
    await expect.poll(() => lines.length).toBeGreaterThanOrEqual(4)
    for (const line of lines) {
      expect(line).toMatch(/^\{[\u0020-\u007E]*\}\n$/)
      expect(line).not.toMatch(/\[31m|%1B|evil/)
      expect((JSON.parse(line) as { request_id: string }).request_id).toMatch(/^req_[0-9a-f]{32}$/)
    }
  })

  test('row 85: neither texts nor keys are in logs, metrics or errors', async () => {
    const failing = { ...served, codec: { ...served.codec, encode: (text: string) => fail(text) } }
    const own = await Engine.create(engine.model, { rows: 1 })
    const logger = createLogger({ level: 'debug', write: (line) => lines.push(line) })
    const other = await serve({ engine: own, model: failing, port: 0, logger, apiKeys })
    const wrong = { 'content-type': 'application/json', authorization: 'Bearer a-wrong-secret-key' }
    const answers = [await ask({}), await ask({ logprobs: 99 }), await ask({ stop: [''] })]
    const body = JSON.stringify({ prompt, max_tokens: 1 })
    for (const each of [headers, wrong]) {
      answers.push(await fetch(`${other.url}/v1/completions`, { method: 'POST', body, headers: each }))
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 400, 500, 401])
    const said = (await Promise.all(answers.slice(1).map((answer) => answer.text()))).join('')
    await expect.poll(() => lines.filter((line) => line.includes('unforeseen'))).toHaveLength(1)
    for (const text of [said, await metrics(), lines.join('')]) expect(text).not.toContain('secret')
    expect(lines.find((line) => line.includes('unforeseen'))).toContain('observe.test.ts')
    await other.close(0)
    own.dispose()
  })

  test('say where an error happened, whatever was thrown', () => {
    const logger = createLogger({ level: 'error', write: (line) => lines.push(line) })
    for (const thrown of [new TypeError(`secret\n    at secret`), 'secret', null]) logFailure(logger, thrown)
    expect(lines.map((line) => (JSON.parse(line) as { error: string }).error)).toEqual([
      'TypeError',
      'string',
      'object',
    ])
    expect(() => createLogger({ level: 'loud' as 'info', write: () => {} })).toThrow('level')
  })
})

describe('spans', () => {
  test('are one a request, below the span of who asked, with the names of the conventions', () => {
    const spans: unknown[] = []
    const tracer = {
      startSpan: (name: string, options: object, parent: unknown) => {
        const span = { name, ...options, parent, events: [] as string[], end: 0 }
        spans.push(span)
        return {
          addEvent: (event: string) => span.events.push(event),
          setStatus: (status: object) => Object.assign(span, { status }),
          end: (at: number) => (span.end = at),
        }
      },
    }
    const fake = {
      ...api,
      trace: { getTracer: () => tracer },
      propagation: { extract: (_: unknown, { traceparent }: { traceparent: string }) => traceparent },
    }
    const record = new RequestRecord('mine', 'POST')
    record.route = '/v1/completions'
    record.generation = {
      operation: 'text_completion',
      model: 'tiny',
      texts: 1,
      promptTokens: 3,
      maxTokens: 9,
    }
    record.token(0)
    record.outcomes.push('stop')
    record.end(200, true)
    createTracing(fake as unknown as typeof api).ended(record, { traceparent: 'theirs' })
    expect(spans).toMatchObject([
      {
        name: 'text_completion tiny',
        kind: api.SpanKind.SERVER,
        parent: 'theirs',
        startTime: record.startedOn,
        events: ['first token'],
        attributes: {
          'http.route': '/v1/completions',
          'http.response.status_code': 200,
          'gen_ai.usage.input_tokens': 3,
          'gen_ai.usage.output_tokens': 1,
          'gen_ai.response.finish_reasons': ['stop'],
        },
      },
    ])
  })
})

function fail(text: string): never {
  throw new Error(`cannot encode ${text}`)
}

function raw(text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text))
    socket.on('data', () => {})
    socket.on('close', () => resolve())
    socket.on('error', () => {})
  })
}
