import { afterEach, beforeEach, expect, test } from 'vitest'
import { storeConformance } from '../conformance.js'
import { S3States, type S3StatesOptions } from './s3-states.js'
import { credentials, type Fault, type S3Double, startS3 } from './testing.js'

const conformance = storeConformance(async () => {
  const s3 = await startS3()
  s3.pageSize = 2
  const open = async (): Promise<{ states: S3States }> => ({
    states: new S3States({ url: s3.url, credentials, prefix: 'retnet/' }),
  })
  s3.objects.set('another program/x', { bytes: Buffer.from('x'), headers: {} })
  return {
    stores: await open(),
    pass: async () => {},
    restart: open,
    beside: open,
    [Symbol.asyncDispose]: () => s3[Symbol.asyncDispose](),
  }
}, ['states'])

test.each(conformance)('%s', (_name, run) => run())

let s3: S3Double
beforeEach(async () => {
  s3 = await startS3()
})
afterEach(() => s3[Symbol.asyncDispose]())

const bytes = new TextEncoder().encode('a state of some bytes')

function states(options: Partial<S3StatesOptions> = {}): S3States {
  return new S3States({ url: s3.url, credentials, timeoutMs: 200, attempts: 3, ...options })
}

test.each<Fault>([500, 503, 429, 'hang', 'lost', 'short', 'truncated', 'other'])(
  'one %s is got over, for all that is asked',
  async (fault) => {
    const store = states()
    await store.put('other', new Uint8Array(7))
    s3.faults.push(fault)
    expect(await store.put('key', bytes)).toBe(true)
    s3.faults.push(fault)
    expect(await store.get('key')).toEqual(bytes)
    s3.faults.push(fault)
    expect(await store.list('')).toEqual(['key', 'other'])
    s3.faults.push(fault)
    await store.delete('key')
    expect(await store.get('key')).toBeNull()
  },
)

test.each<[Fault, string]>([
  [500, 'unavailable'],
  [503, 'unavailable'],
  ['hang', 'unavailable'],
  ['lost', 'unavailable'],
  ['short', 'unavailable'],
  ['truncated', 'damaged'],
  ['other', 'damaged'],
])('%s again and again is %s, never an object or none', async (fault, problem) => {
  const store = states()
  await store.put('other', new Uint8Array(7))
  await store.put('key', bytes)
  s3.faults.push(fault, fault, fault)
  await expect(store.get('key')).rejects.toMatchObject({ name: 'StoreError', problem })
})

test('of who makes a key, the one whose answer was lost still knows that it was him, and another that it was not', async () => {
  for (const fault of ['lost', 500] as const) {
    const key = `key-${fault}`
    s3.faults.push(fault)
    expect(await states().put(key, bytes, { ifAbsent: true })).toBe(true)
    s3.faults.push(fault)
    expect(await states().put(key, new Uint8Array(3), { ifAbsent: true })).toBe(false)
    expect(await states().get(key)).toEqual(bytes)
  }
})

test('two conditional writes at once: 409 is tried again', async () => {
  s3.faults.push(409)
  expect(await states().put('key', bytes, { ifAbsent: true })).toBe(true)
})

test.each([
  [403, 'unavailable'],
  [301, 'unavailable'],
  [507, 'full'],
])('%s is not tried again: %s', async (status, problem) => {
  s3.faults.push(status)
  await expect(states().put('key', bytes)).rejects.toMatchObject({ name: 'StoreError', problem })
  expect(s3.requests).toHaveLength(1)
})

test('wrong keys, a wrong secret and a bucket that is not there are errors, never an absent object', async () => {
  const wrong: Partial<S3StatesOptions>[] = [
    { credentials: { ...credentials, accessKeyId: 'X' } },
    { credentials: async () => ({ ...credentials, secretAccessKey: 'X' }) },
    { url: s3.url.replace(/b$/, 'none') },
  ]
  const told = {
    name: 'StoreError',
    problem: 'unavailable',
    fix: expect.stringMatching(/^(Check the access key|Make the bucket)/),
  }
  for (const options of wrong) {
    await expect(states(options).get('key')).rejects.toMatchObject(told)
    await expect(states(options).put('key', bytes)).rejects.toMatchObject(told)
    await expect(states(options).list('')).rejects.toMatchObject(told)
  }
})

test('an object that somebody else put there is damaged', async () => {
  s3.objects.set('key', { bytes: Buffer.from('x'), headers: {} })
  await expect(states().get('key')).rejects.toMatchObject({ problem: 'damaged' })
})

test('a service that takes no notice of If-None-Match is refused at the start; one that does is left as it was', async () => {
  await (await S3States.open({ url: s3.url, credentials })).close()
  expect([...s3.objects.keys()]).toEqual([])
  s3.heedsConditions = false
  await expect(S3States.open({ url: s3.url, credentials })).rejects.toMatchObject({
    problem: 'unavailable',
    fix: expect.stringMatching(/^Use one that does/),
  })
  expect([...s3.objects.keys()]).toEqual([])
})
