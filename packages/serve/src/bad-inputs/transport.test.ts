// Rows 1 to 21: what comes over the wire is no request, too much of one, too slow, or nobody reads the answer.
import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answerOf, head, useVictim } from './testing.js'

const victim = useVictim({
  limits: { bodyBytes: 200_000, connections: 40, readerMs: 1500 },
  timeouts: { headersMs: 1500, bodyMs: 1500 },
})
const body = JSON.stringify({ prompt: 'hello', max_tokens: 2, seed: 1 })
const endless = JSON.stringify({ prompt: 'hello', max_tokens: 65_536, stream: true, logprobs: 20 })
const post = (...headers: readonly string[]) =>
  head('POST /v1/completions', 'content-type: application/json', ...headers)
const withLength = (text: string, close = 'connection: close') => {
  const lines = ['POST /v1/completions HTTP/1.1', 'host: localhost', close, 'content-type: application/json']
  return [...lines, `content-length: ${text.length}`, '', text].join('\r\n')
}

type Row = readonly [row: number, what: string, bytes: string, status: number, code: string]

const rows: readonly Row[] = [
  [1, 'headers of 20 KB', head('GET /livez', `x: ${'x'.repeat(20_000)}`), 431, 'headers_too_large'],
  [2, '2,000 headers', head('GET /livez', ...Array.from({ length: 2000 }, () => 'a: 1')), 431, 'headers_too_large'],
  [2, '129 headers', head('GET /livez', ...Array.from({ length: 127 }, () => 'a: 1')), 431, 'headers_too_large'],
  [3, 'a URL of 9 KB', head(`GET /livez?${'x'.repeat(9000)}`), 414, 'url_too_long'],
  [3, 'a URL of 20 KB', head(`GET /livez?${'x'.repeat(20_000)}`), 431, 'headers_too_large'],
  [4, 'a length and chunks', post('content-length: 1', 'transfer-encoding: chunked'), 400, 'bad_request'],
  [5, 'two lengths', post('content-length: 1', 'content-length: 2'), 400, 'bad_request'],
  [5, 'a negative length', post('content-length: -1'), 400, 'bad_request'],
  [5, 'a length in hexadecimal', post('content-length: 0x10'), 400, 'bad_request'],
  [6, 'an endless chunk', `${post('transfer-encoding: chunked')}FFFFFFFFFFFFFFFFF\r\n`, 400, 'bad_request'],
  [
    6,
    'a chunk extension of 100 KB',
    `${post('transfer-encoding: chunked')}1;${'x'.repeat(100_000)}\r\na\r\n0\r\n\r\n`,
    413,
    'body_too_large',
  ],
  [8, 'a length above the limit', post('content-length: 200001'), 413, 'body_too_large'],
  [
    8,
    'chunks above the limit',
    `${post('transfer-encoding: chunked')}${`2000\r\n${' '.repeat(0x2000)}\r\n`.repeat(40)}`,
    413,
    'body_too_large',
  ],
  [9, 'a body that stops', `${post('content-length: 100')}{`, 408, 'body_timeout'],
  [12, 'a compressed body', `${post('content-encoding: gzip', 'content-length: 2')}{}`, 415, 'unsupported_encoding'],
  [13, 'no content type', `${head('POST /v1/completions', 'content-length: 2')}{}`, 415, 'unsupported_media_type'],
  [
    13,
    'a form',
    `${head('POST /v1/completions', 'content-type: multipart/form-data; boundary=', 'content-length: 2')}{}`,
    415,
    'unsupported_media_type',
  ],
  [14, 'an unknown path', head('GET /v1/nothing'), 404, 'not_found'],
  [14, 'a wrong method', head('GET /v1/completions'), 405, 'method_not_allowed'],
  ...[
    '/v1/../admin/status',
    '/%2e%2e/admin/status',
    '//v1/models',
    '/V1/models',
    '/v1/models;x',
    '/v1/models%00',
    '/%00',
  ].map((path): Row => [15, `the path ${path}`, head(`GET ${path}`), 404, 'not_found']),
  [15, 'a path with NUL', head('GET /v1/models\0'), 400, 'bad_request'],
  [16, 'HTTP/1.0', 'GET /livez HTTP/1.0\r\nhost: localhost\r\n\r\n', 400, 'http_version'],
  [16, 'an absolute URI', head('GET http://localhost/livez'), 400, 'bad_request'],
  [16, 'CONNECT', head('CONNECT localhost:1'), 405, 'method_not_allowed'],
  [16, 'TRACE', head('TRACE /livez'), 405, 'method_not_allowed'],
  [17, 'an expectation that nobody can meet', head('GET /livez', 'expect: nonsense'), 417, 'expectation_failed'],
  [21, 'the Host of another', 'GET /livez HTTP/1.1\r\nhost: evil\r\nconnection: close\r\n\r\n', 421, 'wrong_host'],
]

describe('the server answers', () => {
  test.each(rows)('row %i: %s', async (_row, _what, bytes, status, code) => {
    const { text, ...answer } = await victim.raw(bytes)
    expect(answer).toEqual({ status, code })
    expect(text).toMatch(/content-type: application\/json/i)
    if (status === 405 && code !== 'CONNECT') expect(text).toMatch(/allow: |proxy/i)
  })
})

describe('the server closes', () => {
  test('row 1: headers without end, before they fill the memory', async () => {
    const sent = await flood('GET /livez HTTP/1.1\r\nhost: localhost\r\nx: ', 'x'.repeat(8192), 12_800)
    expect(sent).toBeLessThan(4 * 1024 * 1024)
  })

  test('row 7: a body of a million chunks of one byte', async () => {
    const { status, code } = await victim.raw(post('transfer-encoding: chunked'), '1\r\n \r\n'.repeat(30_000))
    expect([status, code]).toEqual([400, 'too_many_chunks'])
    const sent = await flood(post('transfer-encoding: chunked'), '1\r\n \r\n'.repeat(1000), 1000)
    expect(sent).toBeLessThanOrEqual(6_000_000 + 200)
  })

  test('row 10: headers that come one byte at a time', async () => {
    const socket = connect(victim.server.port, '127.0.0.1')
    const text = collect(socket)
    const bytes = head('GET /livez', 'x: 0123456789012345678901234567890123456789')
    let at = 0
    const timer = setInterval(() => socket.write(bytes[at++ % bytes.length]), 50)
    const answer = answerOf(await text)
    clearInterval(timer)
    expect([answer.status, answer.code]).toEqual([408, 'request_timeout'])
  })

  test('row 11: connections above the limit, while those that are open go on', async () => {
    const stream = await victim.post('/v1/completions', { prompt: 'hello', max_tokens: 300, seed: 3, stream: true })
    const idle = Array.from({ length: 100 }, () => connect(victim.server.port, '127.0.0.1'))
    for (const socket of idle) socket.on('error', () => {})
    onTestFinished(() => idle.forEach((socket) => socket.destroy()))
    const closed = () => idle.filter((socket) => socket.closed).length
    await expect.poll(closed, { timeout: 10_000 }).toBeGreaterThanOrEqual(60)
    expect(closed()).toBeLessThan(80)
    expect(await stream.text()).toMatch(/data: \[DONE\]\n\n$/)
    for (const socket of idle) socket.destroy()
    await expect
      .poll(() =>
        fetch(`${victim.server.url}/livez`).then(
          ({ ok }) => ok,
          () => false,
        ),
      )
      .toBe(true)
  })

  test('row 18: a thousand requests on one connection, after those that it serves in order', async () => {
    const numbered = Array.from({ length: 1000 }, (_, at) => {
      const text = JSON.stringify({ prompt: 'hello', max_tokens: 1, user: `${at}` })
      return withLength(text, 'connection: keep-alive').replace('\r\n\r\n', `\r\nx-request-id: n${at}\r\n\r\n`)
    })
    const { text } = await victim.raw(...numbered)
    const ids = [...text.matchAll(/^x-request-id: n(\d+)/gim)].map((match) => Number(match[1]))
    expect(ids.length).toBeGreaterThanOrEqual(16)
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, at) => at))
    expect(text).toContain('"code":"too_many_pipelined"')
  })
})

describe('row 19: a client that', () => {
  test('sends nothing more gets its answer, whole and streamed', async () => {
    for (const text of [body, JSON.stringify({ prompt: 'hello', max_tokens: 50, seed: 1, stream: true })]) {
      const socket = connect({ port: victim.server.port, host: '127.0.0.1', allowHalfOpen: true })
      const answer = collect(socket)
      socket.end(withLength(text))
      const found = (await answer).replace(/^(HTTP\/1\.1 102 Processing\r\n\r\n)*/, '')
      expect(answerOf(found).status).toBe(200)
      expect(found).toMatch(/"finish_reason":"length"/)
    }
  })

  test.each([
    ['resets', true, true],
    ['resets', true, false],
    ['closes', false, true],
    ['closes', false, false],
  ])('%s the connection ends its text (reset: %s, stream: %s)', async (_, reset, stream) => {
    const before = victim.engine.status.running
    const socket = connect(victim.server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(withLength(JSON.stringify({ prompt: 'hello', max_tokens: 65_536, stream })))
    await expect.poll(() => victim.engine.status.running).toBeGreaterThan(before)
    if (reset) socket.resetAndDestroy()
    else socket.destroy()
    await expect.poll(() => victim.engine.status).toMatchObject({ running: 0, waiting: 0 })
  })
})

test('row 20: a client that never reads has its text paused, and is given up', async () => {
  const socket = connect(victim.server.port, '127.0.0.1')
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.on('error', () => {})
  socket.pause()
  socket.write(withLength(endless))
  const written = () => victim.engine.work.steps
  const before = written()
  await expect.poll(written, { timeout: 20_000 }).toBeGreaterThan(before + 500)
  await expect.poll(() => victim.engine.status, { timeout: 20_000 }).toMatchObject({ running: 0, waiting: 0 })
  expect(written() - before).toBeLessThan(60_000)
  socket.resume()
  await closed
})

function collect(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', (more: string) => (text += more))
  socket.on('error', () => {})
  return new Promise((resolve) => socket.on('close', () => resolve(text)))
}

/** Sends `part` up to `times` times, as the socket takes it, until the server closes. Gives the bytes that were sent. */
async function flood(start: string, part: string, times: number): Promise<number> {
  const socket = connect(victim.server.port, '127.0.0.1')
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('data', () => {})
  socket.write(start)
  for (let at = 0; at < times && !socket.closed; at++) {
    if (!socket.write(part)) await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))])
  }
  await closed
  return socket.bytesWritten
}
