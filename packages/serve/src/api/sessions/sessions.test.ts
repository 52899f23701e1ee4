// Sessions over HTTP, as a client sees them: made, fed, forked, kept, given out and taken in.
import { createHmac } from 'node:crypto'
import { type Model, encodeSnapshot, decodeSnapshot } from '@retnet/core'
import { createSession, generate, restoreSession } from '@retnet/generate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Engine } from '../../engine/engine.js'
import { type Service, createService } from '../../service.js'
import { systemClock } from '../../stores/common/clock.js'
import { memoryStores } from '../../stores/memory/memory-stores.js'
import { codec, served, someIds, testApp, testContext, testModel } from '../../testing.js'
import { validateLimits } from '../limits.js'

const limits = validateLimits({ sessions: 40, snapshots: 30 })
const unforeseen: unknown[] = []
let model: Model
let engine: Engine
let service: Service
let app: ReturnType<typeof testApp>
let now = Date.now()
const clock = { ...systemClock, now: () => now }
const stores = memoryStores()

beforeAll(async () => {
  model = await testModel()
  engine = await Engine.create(model, { rows: 3 })
  ;({ service, app } = start())
})
afterAll(async () => {
  await service.worker!.stop()
  engine.dispose()
  expect(unforeseen).toEqual([])
})

function start(options: Partial<Parameters<typeof createService>[0]> = {}) {
  const onError = (error: unknown) => unforeseen.push(error)
  const made = createService({ engine, served, limits, stores, clock, onError, ...options })
  return { service: made, app: testApp(testContext(made, options.served, limits), { onError }) }
}

interface Answer {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

async function ask(method: string, path: string, body?: object, at = app): Promise<Answer> {
  const json = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await at.request(path, { method, ...(body && json) })
  return { status: response.status, body: await response.json() }
}

const post = (path: string, body: object = {}) => ask('POST', path, body)

async function made(body: object = {}): Promise<string> {
  const { status, body: session } = await post('/v1/sessions', body)
  expect([status, session.object]).toEqual([201, 'session'])
  return session.id
}

const write = (session: string, more: object = {}) => {
  return post('/v1/completions', { session, max_tokens: 8, seed: 3, ...more })
}

async function remove(...ids: string[]): Promise<void> {
  for (const id of ids) expect((await ask('DELETE', `/v1/sessions/${id}`)).status).toBe(200)
}

const ids = (length: number, from = 0) => [...someIds(length, from)]

describe('a session', () => {
  test('goes on as one of @retnet/generate does, and what a state saved is counted', async () => {
    const id = await made({ prompt: ids(33) })
    using own = await createSession(model, { codec })
    await own.append(ids(33))
    for (const [turn, prompt] of [undefined, ids(5, 4), 'hello'].entries()) {
      const before = own.length
      if (prompt) await own.append(prompt)
      const { text } = await own.generate({ maxTokens: 8, seed: turn }).result
      const { body } = await write(id, { prompt, seed: turn })
      expect(body.choices[0].text).toBe(text)
      expect(body.session).toEqual({ id, rev: turn + 2, length: own.length })
      const promptTokens = before + (prompt?.length ?? 0)
      expect(body.usage).toMatchObject({
        prompt_tokens: promptTokens,
        prompt_tokens_details: { cached_tokens: before },
      })
    }
    const { body: appended } = await post(`/v1/sessions/${id}/append`, { prompt: 'more', if_match: 4 })
    expect(appended).toMatchObject({ id, rev: 5, length: own.length + 4 })
    await remove(id)
  })

  test('is not changed by a turn that fails, is cut off or loses', async () => {
    const id = await made({ prompt: ids(9) })
    const [a, b] = await Promise.all([write(id, { max_tokens: 40 }), write(id, { max_tokens: 40 })])
    expect([a.status, b.status].toSorted()).toEqual([200, 409])
    expect([a, b].find(({ status }) => status === 409)!.body.error.code).toBe('session_busy')
    expect((await write(id, { if_match: 1 })).body.error.code).toBe('rev_conflict')
    const abort = new AbortController()
    const body = JSON.stringify({ session: id, max_tokens: 5000 })
    const headers = { 'content-type': 'application/json' }
    const cut = app.request('/v1/completions', { method: 'POST', body, headers, signal: abort.signal })
    await expect.poll(() => service.turns.open).toBe(1)
    abort.abort()
    await Promise.resolve(cut).catch(() => {})
    await expect.poll(() => service.worker!.running).toBe(0)
    expect((await ask('GET', `/v1/sessions/${id}`)).body).toMatchObject({ rev: 2, length: 49 })
    expect((await write(id, { if_match: 2 })).body.session).toMatchObject({ rev: 3, length: 57 })
    await remove(id)
  })

  test('streams, with its place in the last chunk', async () => {
    const id = await made({ prompt: 'once' })
    const body = JSON.stringify({ session: id, max_tokens: 5, seed: 1, stream: true })
    const headers = { 'content-type': 'application/json' }
    const text = await (await app.request('/v1/completions', { method: 'POST', body, headers })).text()
    const events = text.split('\n\n').flatMap((one) => (one.includes('data: {') ? [one.split('data: ')[1]] : []))
    expect(JSON.parse(events.at(-1)!).session).toEqual({ id, rev: 2, length: 9 })
    await remove(id)
  })

  test('is forked for the price of a record, also where it is busy', async () => {
    const id = await made({ prompt: ids(20) })
    const count = async () => (await stores.states.list('states/')).length
    const before = await count()
    const forks = await Promise.all([1, 2, 3].map(() => post(`/v1/sessions/${id}/fork`)))
    expect(await count()).toBe(before)
    const texts = await Promise.all([id, ...forks.map(({ body }) => body.id)].map((one) => write(one)))
    expect(new Set(texts.map(({ body }) => body.choices[0].text)).size).toBe(1)
    const [a, b] = await Promise.all([
      write(id, { max_tokens: 40 }),
      write(id, { max_tokens: 40, on_busy: 'fork', prompt: 'x' }),
    ])
    expect([a.status, b.status]).toEqual([200, 200])
    expect(b.body.session.id).not.toBe(a.body.session.id)
    await remove(id, b.body.session.id, ...forks.map(({ body }) => body.id))
  })

  test('goes back to a snapshot, and to the revision before', async () => {
    const id = await made({ prompt: ids(20) })
    const { body: snapshot } = await post(`/v1/sessions/${id}/snapshots`, { name: 'start' })
    expect(snapshot).toMatchObject({ name: 'start', pinned: true, session: id, rev: 1, length: 20 })
    const first = (await write(id)).body.choices[0].text
    expect((await post(`/v1/sessions/${id}/rewind`, { to: 1 })).body).toMatchObject({ rev: 3, length: 20 })
    expect((await write(id)).body.choices[0].text).toBe(first)
    await write(id)
    expect((await post(`/v1/sessions/${id}/rewind`, { to: 'start', if_match: 5 })).body).toMatchObject({ rev: 6 })
    expect((await write(id)).body.choices[0].text).toBe(first)
    expect((await post(`/v1/sessions/${id}/rewind`, { to: 2 })).body.error.code).toBe('no_such_revision')
    const other = await made({ from: 'start' })
    expect((await write(other)).body.choices[0].text).toBe(first)
    expect((await post(`/v1/sessions/${id}/snapshots`, { name: 'start' })).body.error.code).toBe('name_taken')
    await remove(id, other)
    expect((await ask('GET', '/v1/snapshots/start')).body.id).toBe(snapshot.id)
    expect((await ask('DELETE', '/v1/snapshots/start')).status).toBe(200)
    expect((await ask('GET', `/v1/snapshots/${snapshot.id}`)).body.error.code).toBe('snapshot_not_found')
  })

  test('is deleted in the midst of its turn, which ends, and nothing brings it back', async () => {
    const id = await made({ prompt: ids(9) })
    const { body: left } = await post(`/v1/sessions/${id}/snapshots`)
    const writing = write(id, { max_tokens: 5000 })
    await expect.poll(() => engine.status.running).toBe(1)
    await remove(id)
    await writing
    await expect.poll(() => engine.status.running).toBe(0)
    expect((await ask('GET', `/v1/sessions/${id}`)).status).toBe(404)
    expect((await ask('GET', `/v1/snapshots/${left.id}`)).status).toBe(404)
    expect((await write(id)).status).toBe(404)
  })

  test('expires after its time without a turn', async () => {
    const id = await made({ prompt: 'a', ttl: 60 })
    now += 50_000
    expect((await write(id)).status).toBe(200)
    now += 50_000
    expect((await ask('GET', `/v1/sessions/${id}`)).body.expires_at).toBeGreaterThan(now / 1000)
    now += 61_000
    expect((await ask('GET', `/v1/sessions/${id}`)).status).toBe(404)
  })

  test('that is unknown, deleted, expired or of another tenant is the same to who asks', async () => {
    const deleted = await made()
    await remove(deleted)
    const other = await service.sessions.sessions.create('other', {
      place: { state: null, length: 0, last: null },
      from: null,
      ttlMs: null,
    })
    const expired = await made({ ttl: 1 })
    now += 2000
    const answers = await Promise.all(
      [`sess_${'0'.repeat(32)}`, deleted, other.id, expired].map((id) => ask('GET', `/v1/sessions/${id}`)),
    )
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404])
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
  })

  test('cannot be asked for under what is no id', async () => {
    const wrong = [
      'sess_',
      'sess_../../etc',
      'x'.repeat(10_000),
      `sess_${'0'.repeat(31)}\u0660`,
      `sess_${'A'.repeat(32)}`,
    ]
    for (const id of wrong) {
      expect((await ask('GET', `/v1/sessions/${encodeURIComponent(id)}`)).body.error.code).toBe('invalid_id')
    }
    expect((await write('sess_\0')).status).toBe(400)
  })

  test('has one next text', async () => {
    const id = await made()
    expect((await write(id, { n: 2, prompt: 'a' })).body.error).toMatchObject({ code: 'invalid_value', param: 'n' })
    expect((await write(id, { prompt: ['a', 'b'] })).body.error.code).toBe('invalid_prompt')
    expect((await write(id)).body.error.code).toBe('invalid_prompt')
    expect((await post('/v1/completions', { prompt: 'a', if_match: 1 })).body.error.param).toBe('if_match')
    expect((await post(`/v1/sessions/${id}/append`)).body.error.code).toBe('invalid_prompt')
    await remove(id)
  })

  test('is among those of its tenant, page by page', async () => {
    const all = [await made(), await made(), await made()]
    const listed: string[] = []
    for (let after = ''; ;) {
      const { body } = await ask('GET', `/v1/sessions?limit=2${after && `&after=${after}`}`)
      listed.push(...body.data.map((one: { id: string }) => one.id))
      if (!body.has_more) break
      after = body.last_id
    }
    expect(listed).toEqual(all.toSorted())
    await remove(...all)
  })
})

test('a tenant has its quota, and what it deletes makes room', async () => {
  const id = await made()
  const forks: string[] = []
  for (;;) {
    const { status, body } = await post(`/v1/sessions/${id}/fork`)
    if (status !== 201) {
      expect([status, body.error.code]).toEqual([429, 'quota_exceeded'])
      break
    }
    forks.push(body.id)
  }
  expect(forks.length).toBeGreaterThan(20)
  await remove(id, ...forks)
  // it is counted again
  now += 2000
  await remove(await made())
})

test('a conversation goes on by its template, or says that it cannot', async () => {
  const id = await made({ prompt: ids(5) })
  const chat = { session: id, max_tokens: 4, seed: 1, messages: [{ role: 'user', content: 'hi' }] }
  expect((await post('/v1/chat/completions', chat)).body.error.code).toBe('chat_not_continuable')
  const talking = {
    ...served,
    continueChat: (messages: readonly { content: string }[], last: number) => [
      last,
      ...Array.from(codec.encode(messages[0].content)),
    ],
  }
  const other = start({ served: talking })
  const { body } = await ask('POST', '/v1/chat/completions', chat, other.app)
  expect(body).toMatchObject({ session: { id, length: 5 + 3 + 4 }, choices: [{ message: { role: 'assistant' } }] })
  await other.service.worker!.stop()
  await remove(id)
})

describe('the file of a session', () => {
  const send = (bytes: Uint8Array, headers: Record<string, string> = {}, at = app) => {
    const type = { 'content-type': 'application/octet-stream' }
    return Promise.resolve(
      at.request('/v1/snapshots', { method: 'POST', body: Uint8Array.from(bytes), headers: { ...type, ...headers } }),
    )
  }
  const fetchFile = async (id: string, at = app) => {
    const response = await at.request(`/v1/snapshots/${id}`, { headers: { accept: 'application/octet-stream' } })
    expect(response.headers.get('content-type')).toBe('application/octet-stream')
    return {
      bytes: new Uint8Array(await response.arrayBuffer()),
      signature: response.headers.get('x-retnet-signature'),
    }
  }
  const saved = async () => {
    using own = await createSession(model, { codec })
    await own.append(ids(40))
    await own.generate({ maxTokens: 6, seed: 1 }).result
    return { bytes: await own.snapshot(), next: (await own.generate({ maxTokens: 12, seed: 2 }).result).text }
  }

  test('is the one of @retnet/generate, in and out', async () => {
    const { bytes, next } = await saved()
    const { id, length } = (await (await send(bytes)).json()) as { id: string; length: number }
    expect(length).toBe(46)
    const session = await made({ from: id })
    expect((await fetchFile(id)).bytes).toEqual(bytes)
    expect((await write(session, { max_tokens: 12, seed: 2 })).body.choices[0].text).toBe(next)
    const { body: out } = await post(`/v1/sessions/${session}/snapshots`, { pin: true })
    using restored = await restoreSession(model, (await fetchFile(out.id)).bytes, { codec })
    const { text } = await restored.generate({ maxTokens: 7, seed: 9 }).result
    expect((await write(session, { max_tokens: 7, seed: 9 })).body.choices[0].text).toBe(text)
    await remove(session)
  })

  test('that is damaged, lies or belongs to others is refused, and nothing is kept of it', async () => {
    const { bytes } = await saved()
    const snapshot = decodeSnapshot(bytes)
    const changed = (change: (copy: Uint8Array, view: DataView) => void) => {
      const copy = bytes.slice()
      change(copy, new DataView(copy.buffer))
      return copy
    }
    const withTensors = (tensors: typeof snapshot.tensors) => {
      return encodeSnapshot({ ...snapshot, tensors: { ...snapshot.tensors, ...tensors } })
    }
    const [state] = Object.keys(snapshot.tensors).filter((name) => name.startsWith('state.'))
    const broken = { ...snapshot.tensors[state], data: snapshot.tensors[state].data.slice() as Float32Array }
    broken.data[0] = NaN
    const { identity } = snapshot
    const rows: [string, Uint8Array, number, string][] = [
      ['nothing', new Uint8Array(), 400, 'state_incompatible'],
      ['another magic', changed((copy) => (copy[0] = 0)), 400, 'state_incompatible'],
      ['version 99', changed((_, view) => view.setUint32(8, 99, true)), 400, 'state_incompatible'],
      ['a header of 4 GB', changed((_, view) => view.setUint32(12, 0xfffffff0, true)), 400, 'state_incompatible'],
      ['bytes after the end', Uint8Array.from([...bytes, 0]), 400, 'state_incompatible'],
      ['a flipped bit of a state', changed((copy) => (copy[copy.length - 200] ^= 1)), 400, 'state_incompatible'],
      ['a flipped bit of the header', changed((copy) => (copy[60] ^= 1)), 400, 'state_incompatible'],
      ['NaN', withTensors({ [state]: broken }), 400, 'state_not_finite'],
      [
        'another type',
        withTensors({ [state]: { shape: broken.shape, data: new Int32Array(broken.data.length) } }),
        400,
        'state_incompatible',
      ],
      ['a block more', withTensors({ more: { shape: [1], data: Int32Array.of(1) } }), 400, 'state_incompatible'],
      [
        'an id out of the vocabulary',
        withTensors({ 'session.pending': { shape: [1], data: Int32Array.of(99) } }),
        400,
        'state_incompatible',
      ],
      [
        'another position',
        withTensors({ 'session.position': { shape: [1], data: Int32Array.of(3) } }),
        400,
        'state_incompatible',
      ],
      [
        'other weights',
        encodeSnapshot({ ...snapshot, identity: { ...identity, weights: 'x' } }),
        409,
        'state_incompatible',
      ],
      [
        'another model',
        encodeSnapshot({ ...snapshot, identity: { ...identity, spec: 'x' } }),
        409,
        'state_incompatible',
      ],
    ]
    for (let at = 1; at < bytes.length; at += 97)
      rows.push([`${at} bytes`, bytes.subarray(0, at), 400, 'state_incompatible'])
    const before = await stores.states.list('')
    for (const [what, body, status, code] of rows) {
      const response = await send(body)
      expect([what, response.status, await response.json()]).toMatchObject([what, status, { error: { code } }])
    }
    expect(await stores.states.list('')).toEqual(before)
    expect((await send(bytes)).status).toBe(201)
  })

  test('is signed, and checked, where the server has keys', async () => {
    const { bytes } = await saved()
    const [first, second] = ['a key of 16 or more', 'another key, as long']
    const signing = start({ snapshotKeys: [first, second] })
    const sign = (key: string) => ({
      'x-retnet-signature': `sha256=${createHmac('sha256', key).update(bytes).digest('hex')}`,
    })
    const statuses = await Promise.all(
      [{}, sign('a key that nobody has'), { 'x-retnet-signature': 'x' }, sign(second)].map(async (headers) => {
        return (await send(bytes, headers, signing.app)).status
      }),
    )
    expect(statuses).toEqual([403, 403, 403, 201])
    const { id } = (await (await send(bytes, sign(first), signing.app)).json()) as { id: string }
    expect((await fetchFile(id, signing.app)).signature).toBe(sign(first)['x-retnet-signature'])
    expect((await send(bytes, sign(first))).status).toBe(403)
    await signing.service.worker!.stop()
  })

  test('of other weights is told the version that it needs', async () => {
    const { bytes } = await saved()
    const snapshot = decodeSnapshot(bytes)
    const other = encodeSnapshot({ ...snapshot, identity: { ...snapshot.identity, weights: 'older' } })
    expect(await (await send(other)).json()).toMatchObject({ error: { required_model_version: 'older' } })
  })
})

test('the text without a session is what it was', async () => {
  const { text } = await generate(model, 'once', { codec, maxTokens: 8, seed: 3 }).result
  expect((await post('/v1/completions', { prompt: 'once', max_tokens: 8, seed: 3 })).body.choices[0].text).toBe(text)
})
