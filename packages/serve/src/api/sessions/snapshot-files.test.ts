// Files of sessions: given out, taken in, refused.
import { createHmac } from 'node:crypto'
import { decodeSnapshot, encodeSnapshot } from '@retnet/core'
import { createSession, restoreSession } from '@retnet/generate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codec } from '../../testing.js'
import { Desk, ids } from './testing.js'

let desk: Desk
beforeAll(async () => {
  desk = await Desk.open()
})
afterAll(() => desk.close())

describe('the file of a session', () => {
  const send = (bytes: Uint8Array, headers: Record<string, string> = {}, at = desk.app) => {
    const type = { 'content-type': 'application/octet-stream' }
    return Promise.resolve(
      at.request('/v1/snapshots', { method: 'POST', body: Uint8Array.from(bytes), headers: { ...type, ...headers } }),
    )
  }
  const fetchFile = async (id: string, at = desk.app) => {
    const response = await at.request(`/v1/snapshots/${id}`, { headers: { accept: 'application/octet-stream' } })
    expect(response.headers.get('content-type')).toBe('application/octet-stream')
    return {
      bytes: new Uint8Array(await response.arrayBuffer()),
      signature: response.headers.get('x-retnet-signature'),
    }
  }
  const saved = async () => {
    using own = await createSession(desk.model, { codec })
    await own.append(ids(40))
    await own.generate({ maxTokens: 6, seed: 1 }).result
    return { bytes: await own.snapshot(), next: (await own.generate({ maxTokens: 12, seed: 2 }).result).text }
  }

  test('goes to few readers at a time, and a slow one is given up', async () => {
    const { id } = (await (await send((await saved()).bytes)).json()) as { id: string }
    const narrow = desk.appWith({ exports: 2, readerMs: 50 })
    const ask = async () => narrow.request(`/v1/snapshots/${id}`, { headers: { accept: 'application/octet-stream' } })
    const [slow, left] = [await ask(), await ask()]
    const refused = await ask()
    expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: 'too_many_exports' } }])
    await left.body!.cancel()
    const [again, stillRefused] = [await ask(), await ask()]
    expect([again.status, stillRefused.status]).toEqual([200, 503])
    expect((await again.arrayBuffer()).byteLength).toBeGreaterThan(1000)
    expect((await ask()).status).toBe(200)
    await slow.body!.cancel()
  })

  test('is the one of @retnet/generate, in and out', async () => {
    const { bytes, next } = await saved()
    const { id, length } = (await (await send(bytes)).json()) as { id: string; length: number }
    expect(length).toBe(46)
    const session = await desk.begin({ from: id })
    expect((await fetchFile(id)).bytes).toEqual(bytes)
    expect((await desk.write(session, { max_tokens: 12, seed: 2 })).body.choices[0].text).toBe(next)
    const { body: out } = await desk.post(`/v1/sessions/${session}/snapshots`, { pin: true })
    using restored = await restoreSession(desk.model, (await fetchFile(out.id)).bytes, { codec })
    const { text } = await restored.generate({ maxTokens: 7, seed: 9 }).result
    expect((await desk.write(session, { max_tokens: 7, seed: 9 })).body.choices[0].text).toBe(text)
    await desk.remove(session)
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
    const before = await desk.stores.states.list('')
    for (const [what, body, status, code] of rows) {
      const response = await send(body)
      expect([what, response.status, await response.json()]).toMatchObject([what, status, { error: { code } }])
    }
    expect(await desk.stores.states.list('')).toEqual(before)
    expect((await send(bytes)).status).toBe(200)
  })

  test('is signed, and checked, where the server has keys', async () => {
    const { bytes } = await saved()
    const [first, second] = ['a key of 16 or more', 'another key, as long']
    const signing = desk.start({ snapshotKeys: [first, second] })
    const sign = (key: string) => ({
      'x-retnet-signature': `sha256=${createHmac('sha256', key).update(bytes).digest('hex')}`,
    })
    const statuses = await Promise.all(
      [{}, sign('a key that nobody has'), { 'x-retnet-signature': 'x' }, sign(second)].map(async (headers) => {
        return (await send(bytes, headers, signing.app)).status
      }),
    )
    expect(statuses).toEqual([403, 403, 403, 200])
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
