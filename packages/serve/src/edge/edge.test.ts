// The edge of the server on a socket: keys, roles, rate limits, pages of other origins.
import { pagePaths } from '../api/pages.js'
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import OpenAI, {
  AuthenticationError,
  BadRequestError,
  ConflictError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from 'openai'
import { afterEach, describe, expect, test } from 'vitest'
import { Engine } from '../engine/engine.js'
import { type RunningServer, type ServeOptions, serve } from '../server.js'
import { validateLimits } from '../api/limits.js'
import { createService } from '../service.js'
import { served, testApp, testContext, testModel } from '../testing.js'
import { readAccess } from './access.js'
import { Admission } from './admission.js'
import { createClientAddress, networkOf } from './client-address.js'
import { MemoryRateLimiter } from './memory-rate-limiter.js'

const user = 'a-key-of-one-user-1'
const other = 'a-key-of-another-2'
const admin = 'the-key-of-an-admin'
const sha256 = createHash('sha256').update(other).digest('hex')
const access = {
  keys: [
    { name: 'one', tenant: 'red', key: user },
    { name: 'two', tenant: 'blue', sha256 },
    { name: 'ops', tenant: 'ops', role: 'admin' as const, key: admin },
  ],
}
const body = JSON.stringify({ prompt: 'hello', max_tokens: 2, seed: 1 })
const json = { 'content-type': 'application/json' }
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
const opened: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})

async function open(options: Partial<ServeOptions> = {}, rows = 2): Promise<RunningServer & { engine: Engine }> {
  const engine = await Engine.create(await testModel(), { rows })
  const server = await serve({ engine, model: served, port: 0, ...options })
  opened.push(async () => {
    await server.close(0)
    engine.dispose()
  })
  return { ...server, engine }
}

async function complete(url: string, headers: Record<string, string> = {}, more = body): Promise<Response> {
  return fetch(`${url}/v1/completions`, { method: 'POST', body: more, headers: { ...json, ...headers } })
}

const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code

describe('keys', () => {
  test('row 78: without one, every route of the router but the public ones answers 401', async () => {
    const { url, engine } = await open({ access })
    const routes = testApp(testContext(createService({ engine, served, limits: validateLimits() }))).routes.filter(
      ({ method }) => method !== 'ALL',
    )
    expect(routes.length).toBeGreaterThan(9)
    const statuses = new Map<string, number>()
    for (const { path, method } of [...routes, { path: '/nothing', method: 'GET' }]) {
      statuses.set(path, (await fetch(url + path.replace(/\{.*?\}/, ''), { method })).status)
    }
    const answering = [...statuses].filter(([, status]) => status !== 401)
    expect(answering).toEqual([['/livez', 200], ['/readyz', 200], ...pagePaths.map((path) => [path, 200])])
  })

  test('row 77: no key, a wrong one, an empty one, two headers and 1 MB of key are refused', async () => {
    const { url, port } = await open({ access })
    const ask = async (authorization?: string) => {
      return (await fetch(`${url}/v1/models`, { headers: authorization === undefined ? {} : { authorization } })).status
    }
    const wrong = [undefined, 'Bearer', 'Bearer ', `Basic ${user}`, user, `Bearer ${user}x`, `Bearer ${user} ${other}`]
    for (const each of wrong) expect([each, await ask(each)]).toEqual([each, 401])
    expect(await raw(port, ['x: 1', `authorization: Bearer ${user}`, `authorization: Bearer ${other}`])).toMatch(
      / 401 /,
    )
    expect(await raw(port, [`authorization: Bearer ${'k'.repeat(1_000_000)}`])).toMatch(/ 431 /)
    for (const key of [user, other, admin]) expect(await ask(`Bearer ${key}`)).toBe(200)
    for (const path of ['/v1/../livez/../v1/models', '/livez/', '//livez', '/livez;x', '/%6civez/../metrics']) {
      expect([path, await raw(port, [], path)]).toEqual([path, expect.stringMatching(/ 40[14] /)])
    }
  })

  test('row 79: routes of administrators are 403 for a user, and 404 where there is no administrator', async () => {
    const { url } = await open({ access })
    const ask = async (base: string, path: string, key: string) =>
      (await fetch(base + path, { headers: bearer(key) })).status
    for (const path of ['/admin/status', '/admin/anything', '/metrics']) expect(await ask(url, path, user)).toBe(403)
    expect(await ask(url, '/admin/status', admin)).toBe(200)
    expect(await ask(url, '/metrics', admin)).toBe(200)
    const { url: plain } = await open({ apiKeys: [user] })
    expect(await ask(plain, '/admin/status', user)).toBe(404)
    expect(await ask(plain, '/metrics', user)).toBe(200)
    const { url: free } = await open()
    expect([(await fetch(`${free}/admin/status`)).status, (await fetch(`${free}/metrics`)).status]).toEqual([404, 200])
  })

  test('metrics answer without a key if they may', async () => {
    const { url } = await open({ access, publicMetrics: true })
    expect((await fetch(`${url}/metrics`)).status).toBe(200)
  })

  test.each([
    [{ keys: [] }, 'access.keys'],
    [{ keys: [{ name: 'a', tenant: 'b' }] }, 'access.keys.0'],
    [{ keys: [{ name: 'a', tenant: 'b', key: 'short' }] }, 'access.keys.0.key'],
    [{ keys: [{ name: 'a', tenant: '../b', key: user }] }, 'access.keys.0.tenant'],
    [{ keys: [{ name: 'a', tenant: 'b', key: user, role: 'root' }] }, 'access.keys.0.role'],
    [{ keys: [{ name: 'a', tenant: 'b', key: user, limits: { rpm: 1 } }] }, 'access.keys.0.limits'],
    [{ keys: ['x', 'y'].map(() => ({ name: 'a', tenant: 'b', key: user })) }, 'access.keys'],
  ])('a configuration that is wrong is refused by its field: %#', (value, argument) => {
    expect(() => readAccess(value)).toThrow(expect.objectContaining({ argument }))
  })
})

describe('rate limits', () => {
  const limited = (limits: object, tenant: object = {}) => ({
    access: { keys: [{ name: 'one', tenant: 'red', key: user, limits }], tenants: { red: tenant } },
  })

  test('row 82: requests above the limit get 429 with Retry-After, and the headers say how much is left', async () => {
    let now = 0
    const rateLimiter = new MemoryRateLimiter({ now: () => now })
    const { url } = await open({ ...limited({ requestsPerMinute: 3 }), rateLimiter })
    const first = await complete(url, bearer(user))
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('3')
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('2')
    expect(first.headers.get('x-ratelimit-reset-requests')).toBe('20s')
    const burst = await Promise.all(Array.from({ length: 20 }, () => complete(url, bearer(user))))
    expect(burst.filter(({ status }) => status === 200)).toHaveLength(2)
    const refused = burst.find(({ status }) => status === 429)!
    expect(refused.headers.get('retry-after')).toBe('20')
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    expect(await codeOf(refused)).toBe('rate_limit_exceeded')
    now -= 3_600_000
    expect((await complete(url, bearer(user))).status).toBe(429)
    now += 3_600_000 + 20_000
    expect((await complete(url, bearer(user))).status).toBe(200)
    expect((await complete(url, bearer(user))).status).toBe(429)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
  })

  test('tokens are reserved for the most that a request may come to, and what it leaves comes back', async () => {
    const rateLimiter = new MemoryRateLimiter({ now: () => 0 })
    const { url } = await open({ ...limited({ tokensPerMinute: 100 }), rateLimiter })
    const ask = (max: number, more: object = {}) => {
      return complete(url, bearer(user), JSON.stringify({ prompt: 'hello', max_tokens: max, seed: 1, ...more }))
    }
    const refused = await ask(200)
    expect([refused.status, await codeOf(refused)]).toEqual([400, 'request_too_large'])
    const stopped = await ask(90, { logit_bias: { 4: 100 }, stop: 'ee' })
    expect(await stopped.json()).toMatchObject({ usage: { total_tokens: 7 } })
    await expect
      .poll(async () =>
        (await fetch(`${url}/v1/models`, { headers: bearer(user) })).headers.get('x-ratelimit-remaining-tokens'),
      )
      .toBe('93')
    expect((await ask(89)).status).toBe(429)
    expect((await ask(88)).status).toBe(200)
  })

  test('texts at the same time are counted over all keys of a tenant, and end with their client', async () => {
    const { url, engine } = await open(limited({}, { texts: 2 }))
    const endless = JSON.stringify({ prompt: 'hello', max_tokens: 65_536, stream: true })
    const abort = new AbortController()
    const options = { method: 'POST', body: endless, headers: { ...json, ...bearer(user) }, signal: abort.signal }
    const streams = await Promise.all([1, 2].map(() => fetch(`${url}/v1/completions`, options)))
    expect(streams.map(({ status }) => status)).toEqual([200, 200])
    expect((await complete(url, bearer(user))).status).toBe(429)
    const three = await complete(url, bearer(user), JSON.stringify({ prompt: 'a', n: 3 }))
    expect([three.status, await codeOf(three)]).toEqual([400, 'request_too_large'])
    abort.abort()
    await expect.poll(async () => (await complete(url, bearer(user))).status).toBe(200)
    await expect.poll(() => engine.status.running).toBe(0)
  })

  test('a stream that its reader may come back to counts until it ends, and with all its tokens', async () => {
    const rateLimiter = new MemoryRateLimiter({ now: () => 0 })
    const { url } = await open({ ...limited({ tokensPerMinute: 300 }, { texts: 1 }), rateLimiter })
    const long = { prompt: 'hello', max_tokens: 95, seed: 1, stream: true, stream_options: { resumable: true } }
    const leave = async (more: object = {}) => {
      const abort = new AbortController()
      const headers = { ...json, ...bearer(user) }
      const options = { method: 'POST', headers, body: JSON.stringify({ ...long, ...more }), signal: abort.signal }
      const response = await fetch(`${url}/v1/completions`, options)
      abort.abort()
      return response.headers.get('x-retnet-stream')!
    }
    const left = async () => {
      const { headers } = await fetch(`${url}/v1/models`, { headers: bearer(user) })
      return headers.get('x-ratelimit-remaining-tokens')
    }
    // 60 tokens are drawn, whoever reads them
    await leave({ logit_bias: { 4: 100 }, stop: 'e'.repeat(60) })
    await expect.poll(left).toBe('235')
    const paused = await leave({ max_tokens: 200 })
    expect(paused).toMatch(/^[0-9a-f]{32}$/)
    expect(await codeOf(await complete(url, bearer(user)))).toBe('rate_limit_exceeded')
    await fetch(`${url}/v1/streams/${paused}`, { method: 'DELETE', headers: bearer(user) })
    await expect.poll(async () => (await complete(url, bearer(user))).status).toBe(200)
  })

  test('row 82: however requests are spread, no more get through than the limit and what has been filled up', async () => {
    let now = 1000
    const limiter = new MemoryRateLimiter({ now: () => now })
    const budget = [{ id: 'x', requestsPerMinute: 60 }]
    let taken = 0
    for (let at = 0; at < 3000; at++) {
      now += at % 7 === 0 ? 100 : 0
      if (at === 1500) now -= 30_000
      const { missing } = await limiter.take(budget, { requests: 1, tokens: 0, texts: 0 })
      if (!missing) taken++
    }
    // 429 pauses of 100 ms, of which the clock took 30 s back
    expect(taken).toBeLessThanOrEqual(60 + 43)
    expect(taken).toBeGreaterThanOrEqual(60 + 12)
  })

  test('nothing is taken from one budget if another has too little, and untouched ones are forgotten', async () => {
    const limiter = new MemoryRateLimiter({ now: () => 0 })
    const budgets = [
      { id: 'key', requestsPerMinute: 5 },
      { id: 'tenant', requestsPerMinute: 1 },
    ]
    const use = { requests: 1, tokens: 0, texts: 0 }
    expect((await limiter.take(budgets, use)).missing).toBeNull()
    const refused = await limiter.take(budgets, use)
    expect(refused).toMatchObject({ missing: { kind: 'requests' }, levels: [{ limit: 1, remaining: 0 }] })
    expect((await limiter.take([budgets[0]], use)).levels[0].remaining).toBe(3)
    for (let at = 0; at < 100_001; at++) await limiter.giveBack([{ id: `${at}`, texts: 1 }], use)
    expect(limiter.size).toBeLessThan(10)
  })

  test('what is taken when the client has gone already is given back, and a lost limiter harms nobody', async () => {
    const limiter = new MemoryRateLimiter({ now: () => 0 })
    const budgets = [{ id: 'x', texts: 1, tokensPerMinute: 10 }]
    const admission = new Admission(limiter, budgets)
    const beginning = admission.begin(1, 10)
    await admission.end(0)
    await beginning
    const again = new Admission(limiter, budgets)
    await again.begin(1, 10)
    limiter.giveBack = () => Promise.reject(new Error('the server of the limits is gone'))
    await again.end(3)
  })

  test('row 23: an address counts by its socket, whatever X-Forwarded-For says, unless a trusted proxy says it', async () => {
    const anonymousLimits = { requestsPerMinute: 2 }
    const ask = async (url: string) => {
      const all = ['1.1.1.1', '2.2.2.2', '3.3.3.3'].map((address) => complete(url, { 'x-forwarded-for': address }))
      return (await Promise.all(all)).map(({ status }) => status).sort((a, b) => a - b)
    }
    expect(await ask((await open({ anonymousLimits })).url)).toEqual([200, 200, 429])
    const trustedProxies = ['127.0.0.0/8', '::1']
    expect(await ask((await open({ anonymousLimits, trustedProxies })).url)).toEqual([200, 200, 200])
  })

  test('the address is the nearest one that no trusted proxy has', () => {
    const find = createClientAddress(['10.0.0.0/8', 'fd00::/8'])
    const from = (remoteAddress: string, forwardedFor: string | null) => find({ remoteAddress, forwardedFor })
    expect(from('9.9.9.9', '1.1.1.1')).toBe('9.9.9.9')
    expect(from('::ffff:10.0.0.1', '6.6.6.6, 1.1.1.1, 10.2.3.4')).toBe('1.1.1.1')
    expect(from('fd00::1', null)).toBe('fd00::1')
    expect(from('10.0.0.1', 'nonsense\x1b[31m')).toBe('10.0.0.1')
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe(networkOf('2001:db8:1:2::9'))
    expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/64')
    expect(() => createClientAddress(['10.0.0.0/33'])).toThrow('trustedProxies')
  })
})

describe('row 22: pages of other origins', () => {
  const origin = 'https://app.example.com'
  const preflight = (url: string, from: string) => {
    const headers = {
      origin: from,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,x-stainless-os,cookie',
    }
    return fetch(`${url}/v1/completions`, { method: 'OPTIONS', headers })
  }
  const corsOf = (response: Response) => [...response.headers].filter(([name]) => name.startsWith('access-control'))

  test('get no headers unless they are listed', async () => {
    const { url } = await open({ access })
    expect((await preflight(url, origin)).status).toBe(401)
    const { url: listed } = await open({ access, corsOrigins: [origin] })
    for (const from of ['https://evil.example', 'null', `${origin}.evil.example`, 'http://app.example.com']) {
      expect(corsOf(await preflight(listed, from))).toEqual([])
      expect(corsOf(await complete(listed, { origin: from }))).toEqual([])
    }
  })

  test('are let in if they are, without credentials, to errors too', async () => {
    const { url } = await open({ access, corsOrigins: [origin] })
    const answer = await preflight(url, origin)
    expect(answer.status).toBe(204)
    expect(Object.fromEntries(corsOf(answer))).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, PUT, DELETE',
      'access-control-allow-headers': 'authorization, x-stainless-os',
      'access-control-max-age': '600',
    })
    for (const key of [user, 'wrong']) {
      const response = await complete(url, { origin, ...bearer(key) })
      expect(response.status).toBe(key === user ? 200 : 401)
      expect(response.headers.get('access-control-allow-origin')).toBe(origin)
      expect(response.headers.get('access-control-allow-credentials')).toBeNull()
      expect(response.headers.get('vary')).toBe('origin')
    }
  })

  test.each(['*', 'null', 'app.example.com', 'https://app.example.com/'])('%s is no origin to list', async (wrong) => {
    await expect(open({ corsOrigins: [wrong] })).rejects.toThrow('corsOrigins')
  })
})

function raw(port: number, headers: readonly string[], path = '/v1/models'): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const lines = [`GET ${path} HTTP/1.1`, 'host: localhost', 'connection: close', ...headers]
    const socket = connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`))
    socket.setEncoding('utf8')
    socket.on('data', (text) => (answer += text))
    socket.on('close', () => resolve(answer.split('\r\n')[0]))
    socket.on('error', () => {})
  })
}

test('the openai client knows each refusal by its class', async () => {
  const keys = [{ name: 'one', tenant: 'red', key: user, limits: { requestsPerMinute: 2 } }]
  const { url } = await open({ access: { keys: [...keys, access.keys[2]] } })
  const client = (apiKey: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
  const ask = (apiKey: string, more: object = {}) => {
    return client(apiKey).completions.create({ model: served.id, prompt: 'hello', max_tokens: 2, ...more })
  }
  await expect(ask('no-key-of-anybody')).rejects.toThrow(AuthenticationError)
  await expect(ask(admin, { temperature: -1 })).rejects.toThrow(BadRequestError)
  await expect(ask(admin, { model: 'another' })).rejects.toThrow(NotFoundError)
  await expect(ask(admin, { logit_bias: allBanned })).rejects.toThrow(UnprocessableEntityError)
  for (let time = 0; time < 2; time++) await ask(user)
  await expect(ask(user)).rejects.toThrow(RateLimitError)
  await expect(client(user).get('/../admin/status')).rejects.toThrow(PermissionDeniedError)
  const session = (await client(admin).post('/sessions', { body: { prompt: 'hello' } })) as { id: string }
  await expect(ask(admin, { session: session.id, if_match: 7 })).rejects.toThrow(ConflictError)
})

const allBanned = Object.fromEntries(Array.from({ length: 31 }, (_, id) => [id, -100]))
