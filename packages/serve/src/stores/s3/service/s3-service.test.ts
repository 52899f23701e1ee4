import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { storeConformance } from '../../conformance.js'
import { S3States } from '../s3-states.js'
import { hasMoto, hasService, openService, retry, type S3Service, startMoto } from './testing.js'

const bytes = new TextEncoder().encode('a state of some bytes')
const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-'
const everything = (states: S3States): Promise<unknown>[] => [
  states.put('k', bytes),
  states.get('k'),
  states.list(''),
  states.delete('k'),
]
const inOrder = (a: string, b: string): number => (a < b ? -1 : 1)

describe.skipIf(!hasService)('with moto_server 5 installed, or a bucket named by RETNET_S3_BUCKET', () => {
  let service: S3Service
  const opened: S3States[] = []
  beforeAll(async () => {
    service = await openService()
  })
  afterAll(async () => {
    for (const states of service.lasts ? opened : []) {
      for (const key of await states.list('', { limit: 5000 })) await states.delete(key)
    }
    await service[Symbol.asyncDispose]()
  })

  function fresh(): S3States {
    const states = new S3States({ ...service.options, prefix: `tests/${randomUUID()}/` })
    opened.push(states)
    return states
  }

  const conformance = storeConformance(async () => {
    const prefix = `tests/${randomUUID()}/`
    const open = async (): Promise<{ states: S3States }> => ({ states: new S3States({ ...service.options, prefix }) })
    opened.push((await open()).states)
    return {
      stores: await open(),
      pass: async () => {},
      restart: open,
      beside: open,
      [Symbol.asyncDispose]: async () => {},
    }
  }, ['states'])

  test.each(conformance)('%s', { retry }, (_name, run) => run())

  test('it heeds If-None-Match, also of many at once', { retry }, async () => {
    await (await S3States.open({ ...service.options, prefix: 'tests/' })).close()
    const states = fresh()
    for (let at = 0; at < 10; at += 1) {
      const puts = Array.from({ length: 10 }, () => states.put(`${at}`, bytes, { ifAbsent: true }))
      expect((await Promise.all(puts)).filter(Boolean)).toHaveLength(1)
    }
  })

  test('every key comes back as it was, in order', async () => {
    const states = fresh()
    const words = ['...', '.b', 'a.', '-', '_', '-/-', characters, `${characters}/${characters}`, 'x'.repeat(120)]
    const keys = [...words, ...characters.split('').map((character) => `${character}a`), 'y/'.repeat(400) + 'y']
    await Promise.all(keys.map((key) => states.put(key, new TextEncoder().encode(key))))
    for (const key of keys) expect(new TextDecoder().decode((await states.get(key))!)).toBe(key)
    expect(await states.list('')).toEqual(keys.toSorted(inOrder))
  })

  test('more keys than one answer holds', async () => {
    const states = fresh()
    const keys = Array.from({ length: 1003 }, (_, at) => `k/${String(at).padStart(4, '0')}`)
    for (let at = 0; at < keys.length; at += 50)
      await Promise.all(keys.slice(at, at + 50).map((key) => states.put(key, bytes)))
    expect(await states.list('k/', { limit: 2000 })).toEqual(keys)
    expect(await states.list('k/', { limit: 1001, after: keys[0] })).toEqual(keys.slice(1, 1002))
    expect(await states.list('')).toEqual(keys.slice(0, 1000))
  })

  test('a bucket that is not there is told', async () => {
    const states = new S3States({ ...service.options, url: `${service.options.url}-${randomUUID()}` })
    for (const call of await Promise.allSettled(everything(states)))
      expect(call).toMatchObject({ reason: { problem: 'unavailable', fix: expect.stringContaining('bucket') } })
  })
})

test.skipIf(!hasMoto)('with moto_server 5 installed: another program makes the same signatures', async () => {
  await using moto = await startMoto({ signatures: true })
  const states = new S3States(moto.options)
  const key = `a/${characters}`
  expect(await states.put(key, bytes, { ifAbsent: true })).toBe(true)
  expect(await states.get(key)).toEqual(bytes)
  expect(await states.list('a', { after: 'A', limit: 2 })).toEqual([key])
  await states.delete(key)
  const { accessKeyId } = moto.options.credentials as { accessKeyId: string }
  const wrong = new S3States({ ...moto.options, credentials: { accessKeyId, secretAccessKey: 'wrong' } })
  for (const call of await Promise.allSettled(everything(wrong)))
    expect(call).toMatchObject({ reason: { problem: 'unavailable', fix: expect.stringContaining('secret') } })
})
