// Sessions over HTTP, as a client sees them: made, fed, forked, set back and deleted.
import { createSession, generate } from '@retnet/generate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nobody } from '../../edge/caller.js'
import { codec, served } from '../../testing.js'
import { validateLimits } from '../limits.js'
import { Desk, ids } from './testing.js'

let desk: Desk
beforeAll(async () => {
  desk = await Desk.open()
})
afterAll(() => desk.close())

describe('a session', () => {
  test('goes on as one of @retnet/generate does, and what a state saved is counted', async () => {
    const id = await desk.begin({ prompt: ids(33) })
    using own = await createSession(desk.model, { codec })
    await own.append(ids(33))
    for (const [turn, prompt] of [undefined, ids(5, 4), 'hello'].entries()) {
      const before = own.length
      if (prompt) await own.append(prompt)
      const { text } = await own.generate({ maxTokens: 8, seed: turn }).result
      const { body } = await desk.write(id, { prompt, seed: turn })
      expect(body.choices[0].text).toBe(text)
      expect(body.session).toEqual({ id, rev: turn + 2, length: own.length })
      const promptTokens = before + (prompt?.length ?? 0)
      expect(body.usage).toMatchObject({
        prompt_tokens: promptTokens,
        prompt_tokens_details: { cached_tokens: before },
      })
    }
    const { body: appended } = await desk.post(`/v1/sessions/${id}/append`, { prompt: 'more', if_match: 4 })
    expect(appended).toMatchObject({ id, rev: 5, length: own.length + 4 })
    await desk.remove(id)
  })

  test('is not changed by a turn that fails, is cut off or loses', async () => {
    const id = await desk.begin({ prompt: ids(9) })
    const abort = new AbortController()
    const body = JSON.stringify({ session: id, max_tokens: 5000 })
    const headers = { 'content-type': 'application/json' }
    const cut = desk.app.request('/v1/completions', { method: 'POST', body, headers, signal: abort.signal })
    await expect.poll(() => desk.service.turns.open).toBe(1)
    expect(await desk.write(id)).toMatchObject({ status: 409, body: { error: { code: 'session_busy' } } })
    // who stops a text and goes on at once may be heard before it is seen to have hung up
    const next = desk.write(id, { if_match: 1 })
    setTimeout(() => abort.abort(), 10)
    expect((await next).body.session).toEqual({ id, rev: 2, length: 17 })
    await Promise.resolve(cut).catch(() => {})
    await expect.poll(() => desk.service.worker!.running).toBe(0)
    expect((await desk.ask('GET', `/v1/sessions/${id}`)).body).toMatchObject({ rev: 2, length: 17 })
    expect((await desk.write(id, { if_match: 1 })).body.error.code).toBe('rev_conflict')
    await desk.remove(id)
  })

  test('streams, with its place in the last chunk', async () => {
    const id = await desk.begin({ prompt: 'once' })
    const body = JSON.stringify({ session: id, max_tokens: 5, seed: 1, stream: true })
    const headers = { 'content-type': 'application/json' }
    const text = await (await desk.app.request('/v1/completions', { method: 'POST', body, headers })).text()
    const events = text.split('\n\n').flatMap((one) => (one.includes('data: {') ? [one.split('data: ')[1]] : []))
    expect(JSON.parse(events.at(-1)!).session).toEqual({ id, rev: 2, length: 9 })
    await desk.remove(id)
  })

  test('is forked for the price of a record, also where it is busy', async () => {
    const id = await desk.begin({ prompt: ids(20) })
    const count = async () => (await desk.stores.states.list('states/')).length
    const before = await count()
    const forks = await Promise.all([1, 2, 3].map(() => desk.post(`/v1/sessions/${id}/fork`)))
    expect(await count()).toBe(before)
    const texts = await Promise.all([id, ...forks.map(({ body }) => body.id)].map((one) => desk.write(one)))
    expect(new Set(texts.map(({ body }) => body.choices[0].text)).size).toBe(1)
    const [a, b] = await Promise.all([
      desk.write(id, { max_tokens: 40 }),
      desk.write(id, { max_tokens: 40, on_busy: 'fork', prompt: 'x' }),
    ])
    expect([a.status, b.status]).toEqual([200, 200])
    expect(b.body.session.id).not.toBe(a.body.session.id)
    await desk.remove(id, b.body.session.id, ...forks.map(({ body }) => body.id))
  })

  test('goes back to a snapshot, and to the revision before', async () => {
    const id = await desk.begin({ prompt: ids(20) })
    const { body: snapshot } = await desk.post(`/v1/sessions/${id}/snapshots`, { name: 'start' })
    expect(snapshot).toMatchObject({ name: 'start', pinned: true, session: id, rev: 1, length: 20 })
    const first = (await desk.write(id)).body.choices[0].text
    expect((await desk.post(`/v1/sessions/${id}/rewind`, { to: 1 })).body).toMatchObject({ rev: 3, length: 20 })
    expect((await desk.write(id)).body.choices[0].text).toBe(first)
    await desk.write(id)
    expect((await desk.post(`/v1/sessions/${id}/rewind`, { to: 'start', if_match: 5 })).body).toMatchObject({ rev: 6 })
    expect((await desk.write(id)).body.choices[0].text).toBe(first)
    expect((await desk.post(`/v1/sessions/${id}/rewind`, { to: 2 })).body.error.code).toBe('no_such_revision')
    const other = await desk.begin({ from: 'start' })
    expect((await desk.write(other)).body.choices[0].text).toBe(first)
    expect((await desk.post(`/v1/sessions/${id}/snapshots`, { name: 'start' })).body.error.code).toBe('name_taken')
    await desk.remove(id, other)
    expect((await desk.ask('GET', '/v1/snapshots/start')).body.id).toBe(snapshot.id)
    expect((await desk.ask('DELETE', '/v1/snapshots/start')).status).toBe(200)
    expect((await desk.ask('GET', `/v1/snapshots/${snapshot.id}`)).body.error.code).toBe('snapshot_not_found')
  })

  test('is deleted in the midst of its turn, which ends, and nothing brings it back', async () => {
    const id = await desk.begin({ prompt: ids(9) })
    const { body: left } = await desk.post(`/v1/sessions/${id}/snapshots`)
    const writing = desk.write(id, { max_tokens: 5000 })
    await expect.poll(() => desk.engine.status.running).toBe(1)
    await desk.remove(id)
    await writing
    await expect.poll(() => desk.engine.status.running).toBe(0)
    expect((await desk.ask('GET', `/v1/sessions/${id}`)).status).toBe(404)
    expect((await desk.ask('GET', `/v1/snapshots/${left.id}`)).status).toBe(404)
    expect((await desk.write(id)).status).toBe(404)
  })

  test('expires after its time without a turn', async () => {
    const id = await desk.begin({ prompt: 'a', ttl: 60 })
    desk.now += 50_000
    expect((await desk.write(id)).status).toBe(200)
    desk.now += 50_000
    expect((await desk.ask('GET', `/v1/sessions/${id}`)).body.expires_at).toBeGreaterThan(desk.now / 1000)
    desk.now += 61_000
    expect((await desk.ask('GET', `/v1/sessions/${id}`)).status).toBe(404)
  })

  test('that is unknown, deleted, expired or of another tenant is the same to who asks', async () => {
    const deleted = await desk.begin()
    await desk.remove(deleted)
    const other = await desk.service.sessions.sessions.create('other', {
      place: { state: null, length: 0, last: null },
      from: null,
      ttlMs: null,
    })
    const expired = await desk.begin({ ttl: 1 })
    desk.now += 2000
    const answers = await Promise.all(
      [`sess_${'0'.repeat(32)}`, deleted, other.id, expired].map((id) => desk.ask('GET', `/v1/sessions/${id}`)),
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
      expect((await desk.ask('GET', `/v1/sessions/${encodeURIComponent(id)}`)).body.error.code).toBe('invalid_id')
    }
    expect((await desk.write('sess_\0')).status).toBe(400)
  })

  test('has one next text', async () => {
    const id = await desk.begin()
    expect((await desk.write(id, { n: 2, prompt: 'a' })).body.error).toMatchObject({
      code: 'invalid_value',
      param: 'n',
    })
    expect((await desk.write(id, { prompt: ['a', 'b'] })).body.error.code).toBe('invalid_prompt')
    expect((await desk.write(id)).body.error.code).toBe('invalid_prompt')
    expect((await desk.post('/v1/completions', { prompt: 'a', if_match: 1 })).body.error.param).toBe('if_match')
    expect((await desk.post(`/v1/sessions/${id}/append`)).body.error.code).toBe('invalid_prompt')
    await desk.remove(id)
  })

  test('is among those of its tenant, page by page', async () => {
    const all = [await desk.begin(), await desk.begin(), await desk.begin()]
    const listed: string[] = []
    for (let after = ''; ;) {
      const { body } = await desk.ask('GET', `/v1/sessions?limit=2${after && `&after=${after}`}`)
      listed.push(...body.data.map((one: { id: string }) => one.id))
      if (!body.has_more) break
      after = body.last_id
    }
    expect(listed).toEqual(all.toSorted())
    await desk.remove(...all)
  })
})

test('a tenant has its quota, and what it deletes makes room', async () => {
  const id = await desk.begin()
  const forks: string[] = []
  for (;;) {
    const { status, body } = await desk.post(`/v1/sessions/${id}/fork`)
    if (status !== 200) {
      expect([status, body.error.code]).toEqual([429, 'quota_exceeded'])
      break
    }
    forks.push(body.id)
  }
  expect(forks.length).toBeGreaterThan(20)
  await desk.remove(id, ...forks)
  await desk.remove(await desk.begin())
})

test('the bytes of a tenant have a quota too, which forks do not use up', async () => {
  const bytes = 3 * desk.model.stateBytes
  const small = desk.start({ limits: validateLimits({ sessionBytes: bytes }) }, { ...nobody, tenant: 'small' })
  const ask = (path: string, body: object) => desk.ask('POST', path, body, small.app)
  const { body: first } = await ask('/v1/sessions', { prompt: 'a' })
  for (let at = 0; at < 9; at++) expect((await ask(`/v1/sessions/${first.id}/fork`, {})).status).toBe(200)
  const codes = []
  for (const _ of [1, 2, 3]) codes.push((await ask('/v1/sessions', { prompt: 'a' })).body.error?.code)
  expect(codes.at(-1)).toBe('quota_exceeded')
  expect((await ask('/v1/completions', { session: first.id })).body.error.code).toBe('quota_exceeded')
  await small.service.worker!.stop()
})

test('a conversation goes on by its template, or says that it cannot', async () => {
  const id = await desk.begin({ prompt: ids(5) })
  const chat = { session: id, max_tokens: 4, seed: 1, messages: [{ role: 'user', content: 'hi' }] }
  expect((await desk.post('/v1/chat/completions', chat)).body.error.code).toBe('chat_not_continuable')
  const talking = {
    ...served,
    continueChat: (messages: readonly { content: string }[], last: number) => [
      last,
      ...Array.from(codec.encode(messages[0].content)),
    ],
  }
  const other = desk.start({ served: talking })
  const { body } = await desk.ask('POST', '/v1/chat/completions', chat, other.app)
  expect(body).toMatchObject({ session: { id, length: 5 + 3 + 4 }, choices: [{ message: { role: 'assistant' } }] })
  await other.service.worker!.stop()
  await desk.remove(id)
})

test('the text without a session is what it was', async () => {
  const { text } = await generate(desk.model, 'once', { codec, maxTokens: 8, seed: 3 }).result
  expect((await desk.post('/v1/completions', { prompt: 'once', max_tokens: 8, seed: 3 })).body.choices[0].text).toBe(
    text,
  )
})
